package dev.likeness.vault;

/** What is kept of a person, by how long it is needed. Each holding has a key of its own. */
public enum DataCategory {
  /** Selfies and crops of them. */
  PHOTOS("photos"),
  /** Intermediate files of training: latents, prompt embeddings, checkpoints, previews. */
  TRAINING_STATES("work"),
  /** The person's identity: the consent, the person file, embeddings. */
  PERSON("person"),
  /** Headshots and their records. */
  IMAGES("pictures");

  private final String label;

  DataCategory(String word) {
    this.label = word;
  }

  /** Its name on disk, in policies and in receipts; stores written before keep theirs. */
  public String label() {
    return label;
  }
}
