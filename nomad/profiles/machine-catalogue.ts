/** What one virtual machine boots from, as files on every client of the pool. Written by operators. */
export interface CatalogueImage {
  /** The root disk, in any form that QEMU recognises by itself; below the driver's `image_paths`. */
  readonly disk: string;
  readonly kernel: string;
  readonly initrd: string;
  /** Added to the kernel's command line. */
  readonly append: string | null;
}

/** The images of a pool by the names that jobs use. */
export interface MachineCatalogue {
  readonly images: Readonly<Record<string, CatalogueImage>>;
  /** Boots when the job names no image; null refuses such jobs. */
  readonly defaultImage: string | null;
}

export type CatalogueChoice =
  | { readonly ok: true; readonly image: CatalogueImage }
  | { readonly ok: false; readonly refusal: string };

/** Users choose by name alone: no path of theirs reaches a client. */
export function chooseMachine(catalogue: MachineCatalogue, wanted: string | null): CatalogueChoice {
  const name = wanted ?? catalogue.defaultImage;
  if (name === null) {
    return { ok: false, refusal: "the job names no image and its pool of machines has none of its own" };
  }
  const image = Object.hasOwn(catalogue.images, name) ? catalogue.images[name] : undefined;
  if (image !== undefined) return { ok: true, image };
  const known = Object.keys(catalogue.images).sort().join(", ");
  return { ok: false, refusal: `the pool has no machine image "${name}"; its images are ${known}` };
}
