import express from 'express'
import { expressjwt } from 'express-jwt'
import { expressJwtSecret } from 'jwks-rsa'
import { printStatuses } from './api.ts'

const { AUTH0_DOMAIN: domain, AUTH0_AUDIENCE: audience = '' } = process.env
const jwksUri = `https://${domain}/.well-known/jwks.json`
const secret = expressJwtSecret({ cache: true, rateLimit: true, jwksRequestsPerMinute: 5, jwksUri })
const app = express()
app.set('env', 'test') // no stack traces on standard error
app.use(expressjwt({ secret, audience, issuer: `https://${domain}/`, algorithms: ['RS256'] }))
await printStatuses(app)
