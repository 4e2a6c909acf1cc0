package dev.likeness.vault;

/** What is kept of a person, by how long it is needed. Each holding has a key of its own. */
public enum DataCategory {
  /** Selfies and crops of them. */
  PHOTOS("photos"),
  /** Intermediate files of training: latents, prompt embeddings, checkpoints, previews. */
  WORK("work"),
  /** The person's identity: the consent, the person file, embeddings. */
  PERSON("person"),
  /** Headshots and their records. */
  IMAGES("pictures");

  private final String word;

  DataCategory(String word) {
    this.word = word;
  }

  /** Its name on disk, in policies and in receipts; stores written before keep theirs. */
  public String word() {
    return word;
  }
}
