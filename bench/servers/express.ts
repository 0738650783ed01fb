import express from 'express'
import { auth } from 'express-oauth2-jwt-bearer'

/** Express with Auth0's middleware, wired as its README shows. */
const { ISSUER = '', AUDIENCE = '', ALGORITHM = 'RS256', PORT } = process.env
const app = express()
app.use(auth({ issuerBaseURL: ISSUER, audience: AUDIENCE, tokenSigningAlg: ALGORITHM }))
app.get('/api/private', (_request, response) => {
  response.json({ message: 'Hello from a private endpoint!' })
})
app.listen(Number(PORT))
