import { job } from '@mainspring/sdk'
import { chanceOf, work } from '../pace.ts'
import { gaveUp, ImageTooLarge } from '../shop/errors.ts'

const SIZES = [2_048, 512, 96]

/** One size after the other, with progress. It takes two slots of its worker: it burns a core. */
export const resizeImage = job(
  'resize-image',
  { queue: 'media', cost: 2, retry: { attempts: 3, initial: '15s' }, timeout: { attempt: '5m', heartbeat: '1m' }, tags: { team: 'catalogue' } },
  async ({ image, width, height }: { image: string; width: number; height: number }, ctx) => {
    const chance = chanceOf(ctx)
    if (width * height > 268_402_689)
      throw gaveUp(new ImageTooLarge(`${image}: ${width.toLocaleString('en')} × ${height.toLocaleString('en')} px exceeds 268 megapixels`))
    for (const [index, size] of SIZES.entries()) {
      await work(chance.between(300, 900) + (width * height) / 40_000, ctx)
      ctx.progress((index + 1) / SIZES.length, `${size} px`)
    }
    ctx.log.info(`${image} → ${SIZES.join(', ')} px`, { bytes: Math.round(width * height * chance.between(0.11, 0.2)) })
    if (chance.in(0.01)) throw Object.assign(new Error('write ECONNRESET cdn-upload-3.shop.example:443'), { code: 'ECONNRESET' })
    return { image, sizes: SIZES }
  },
)

export const examples = { 'resize-image': { image: 'p-20184.jpg', width: 6_000, height: 4_000 } }
