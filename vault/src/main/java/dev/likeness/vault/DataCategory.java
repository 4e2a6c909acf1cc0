package dev.likeness.vault;

/**
 * The categories of data that a store keeps of a subject. Each has its own key and retention limit.
 */
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

  /** {@return the name on disk, in retention policies and in receipts} */
  public String label() {
    return label;
  }
}
