import type { Context, OAuthErrorBody, OidcContext } from 'oidc-provider'
import { sendPage } from './pages.ts'

const title = 'Activate your device'

/** The page that asks for the code of a device. `form` comes from the provider, with its field and without buttons. */
export async function sendDeviceCodePage(ctx: Context, form: string, error?: OAuthErrorBody): Promise<void> {
  // Its handler selects the text of the field, which the content security policy blocks anyway
  const safeForm = form.replace(/ onfocus="[^"]*"/, ' aria-label="Code of the device"')
  const problem = error && 'This code is not valid, or was used before. Enter the code that the device shows.'
  sendPage(ctx, 'device-code', { title, form: safeForm, problem })
}

export async function sendDeviceConfirmPage(
  ctx: OidcContext,
  form: string,
  _client: unknown,
  _deviceInfo: unknown,
  userCode: string,
): Promise<void> {
  sendPage(ctx, 'device-confirm', { title, form, userCode, clientId: ctx.oidc.client.clientId })
}

export async function sendDeviceDonePage(ctx: Context): Promise<void> {
  sendPage(ctx, 'message', { title: 'Device activated', text: 'You can close this page.' })
}
