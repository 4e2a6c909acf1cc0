package dev.likeness.vault;

import java.util.Locale;

/** What is kept of a person, by how long it is needed. Each holding has a key of its own. */
public enum DataCategory {
  /** Selfies and crops of them. */
  PHOTOS,
  /** What learning leaves on its way: latents, texts, checkpoints, previews. */
  WORK,
  /** Who they are to the library: the consent, the person file, embeddings. */
  PERSON,
  /** Headshots and their records. */
  PICTURES;

  /** Its name on disk, in policies and in receipts. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
