import t from 'tap'
import { rename } from '../../../dev/init/rename.ts'

t.test('a name is replaced in each of its spellings', async (t) => {
  const text = 'tea tea-web x-tea tea_total my_tea TEA_URL Tea TeaDown "tea": team steal Teapot'
  t.equal(
    rename(text, 'tea', 'acme-api'),
    'acme-api acme-api-web x-acme-api acme_api_total my_acme_api ACME_API_URL Acme Api AcmeApiDown "acme-api": team steal Teapot',
  )
  const renamed = 'tea-pot tea-pot-web tea_pot_total TEA_POT Tea Pot TeaPotDown'
  t.equal(rename(renamed, 'tea-pot', 'cup'), 'cup cup-web cup_total CUP Cup CupDown')
})
