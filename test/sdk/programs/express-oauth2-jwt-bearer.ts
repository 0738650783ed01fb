import express from 'express'
import { auth } from 'express-oauth2-jwt-bearer'
import { printStatuses } from './api.ts'

const { AUTH0_DOMAIN: domain, AUTH0_AUDIENCE: audience = '' } = process.env
const app = express()
app.set('env', 'test') // no stack traces on standard error
app.use(auth({ issuerBaseURL: `https://${domain}/`, audience, tokenSigningAlg: 'RS256', strict: true }))
await printStatuses(app)
