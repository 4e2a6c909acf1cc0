package dev.likeness.photos.embed;

import dev.likeness.diffusion.error.UnusableInput;

/** What the results will be used for, which decides on the networks that may be opened. */
public enum UsePolicy {
  /** Anything that is allowed without selling or advertising. */
  NON_COMMERCIAL,
  /** Only networks whose licence allows commercial use. */
  COMMERCIAL;

  /**
   * Refuses a network that this use does not permit.
   *
   * @throws UnusableInput naming the network and its licence
   */
  public void require(EmbedderSpec spec) {
    if (this == COMMERCIAL && !spec.licence().commercial()) {
      throw new UnusableInput("the embedder " + spec.name() + " is licensed for " + spec.licence().name()
          + "; use one that allows commercial use, such as SFace or AuraFace");
    }
  }
}
