// Runs before TypeScript is loaded, and in CommonJS, so that it works on every version of Node.js
const REQUIRED = 24

if (Number.parseInt(process.versions.node, 10) < REQUIRED) {
  process.stderr.write(
    `Node.js ${REQUIRED} or later is required, and this is ${process.versions.node} (${process.execPath}). ` +
      'Run `npm ci`, which installs the right one for npm scripts, or install it yourself.\n',
  )
  process.exit(1)
}
