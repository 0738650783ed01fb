// Keeps compiled code for the next start, which takes a quarter less processor time then
const { join } = require('node:path')

require('node:module').enableCompileCache?.(join(__dirname, '../../node_modules/.cache/compile'))
