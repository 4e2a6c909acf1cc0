package dev.likeness.photos.embed;

import dev.likeness.diffusion.error.InvalidInputException;

/** The intended use of the results, which decides which networks may be opened. */
public enum UsePolicy {
  /** Anything that is allowed without selling or advertising. */
  NON_COMMERCIAL,
  /** Only networks whose licence allows commercial use. */
  COMMERCIAL;

  /**
   * Refuses a network that this use does not permit.
   *
   * @throws InvalidInputException naming the network and its licence
   */
  public void require(EmbedderSpec spec) {
    require(spec, "; use one that allows commercial use, such as SFace or AuraFace");
  }

  /**
   * Checks a face embedder that an IP-Adapter was trained with. No other embedder can replace it.
   *
   * @throws InvalidInputException naming the network and its licence
   */
  public void requireForAdapter(EmbedderSpec spec) {
    require(
        spec,
        ", and no other fits this adapter; use an adapter that uses images, such as Plus Face");
  }

  private void require(EmbedderSpec spec, String otherwise) {
    if (this == COMMERCIAL && !spec.licence().allowsCommercialUse()) {
      throw new InvalidInputException(
          "the embedder " + spec.name() + " is licensed for " + spec.licence().name() + otherwise);
    }
  }

  /**
   * Under which terms a network's weights may be used.
   *
   * @param name as its publisher states it
   * @param allowsCommercialUse whether those terms allow commercial use
   */
  public record Licence(String name, boolean allowsCommercialUse) {
    public static final Licence APACHE_2 = new Licence("Apache-2.0", true);
    public static final Licence MIT = new Licence("MIT", true);
    /** The terms of insightface's published recognition models. */
    public static final Licence RESEARCH_ONLY = new Licence("non-commercial research only", false);
  }
}
