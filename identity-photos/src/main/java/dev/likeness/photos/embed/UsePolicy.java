package dev.likeness.photos.embed;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.catalogue.CatalogueModel.Commercial;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.family.Capabilities.NonCommercial;

/** The intended use of the results. It decides which networks may be opened. */
public enum UsePolicy {
  /** Use without selling or advertising. All networks may be opened. */
  NON_COMMERCIAL,
  /** Any use. Networks whose licence is known to forbid commercial use may not be opened. */
  COMMERCIAL;

  /**
   * {@return the policy for a use}
   *
   * @param isCommercial true if the images are for commercial use
   */
  public static UsePolicy of(boolean isCommercial) {
    return isCommercial ? COMMERCIAL : NON_COMMERCIAL;
  }

  /**
   * Checks that the licence of a face embedder permits this use.
   *
   * @param spec the embedder's specification
   * @throws InvalidInputException if the licence forbids this use; the message names the embedder
   *     and the licence
   */
  public void require(EmbedderSpec spec) {
    require(
        spec, "; use an embedder whose licence allows commercial use, such as SFace or AuraFace");
  }

  /**
   * Checks that the licence of an IP-Adapter's face embedder permits this use. The adapter works
   * only with this embedder.
   *
   * @param spec the embedder's specification
   * @throws InvalidInputException if the licence forbids this use; the message names the embedder
   *     and the licence
   */
  public void requireForAdapter(EmbedderSpec spec) {
    require(
        spec,
        ", and no other embedder fits this adapter;"
            + " use an adapter that uses images, such as Plus Face");
  }

  /**
   * Checks that the licence of a base model permits this use. For commercial use, this method
   * refuses the bases that their networks show to be FLUX.1 dev, Fill or Kontext, or FLUX.2 klein
   * 9B. It permits all others, because their networks do not show their licences.
   *
   * @param base the base model
   * @throws InvalidInputException if the licence forbids this use; the message names the base and
   *     the licence
   */
  public void require(BaseModel base) {
    EngineAccess.model(base)
        .capability(NonCommercial.class)
        .filter(licence -> this == COMMERCIAL)
        .ifPresent(licence -> {
          throw new InvalidInputException("the base " + base.name() + " has the weights of "
              + licence.model() + ", whose licence (" + licence.licence()
              + ") forbids commercial use; use a base whose licence allows it");
        });
  }

  /**
   * Checks that the licence of a model of the catalogue permits this use. A model whose licence no
   * page gave, or whose licence has conditions, is permitted.
   *
   * @param model the model
   * @throws InvalidInputException if the licence forbids this use; the message names the model and
   *     the licence
   */
  public void require(CatalogueModel model) {
    model
        .licence()
        .filter(licence -> this == COMMERCIAL && licence.commercial() == Commercial.NO)
        .ifPresent(licence -> {
          throw new InvalidInputException("the licence of " + model.name() + " (" + licence.name()
              + ") forbids commercial use; use a model whose licence allows it");
        });
  }

  private void require(EmbedderSpec spec, String advice) {
    if (this == COMMERCIAL && !spec.licence().allowsCommercialUse()) {
      throw new InvalidInputException("the embedder " + spec.name()
          + " has a licence that forbids commercial use (" + spec.licence().name() + ")" + advice);
    }
  }

  /**
   * The licence of a network's weights.
   *
   * @param name the licence's name, as the publisher states it
   * @param allowsCommercialUse true if the licence allows commercial use
   */
  public record Licence(String name, boolean allowsCommercialUse) {
    /** The Apache License 2.0. */
    public static final Licence APACHE_2 = new Licence("Apache-2.0", true);
    /** The MIT License. */
    public static final Licence MIT = new Licence("MIT", true);
    /** The terms of InsightFace's published recognition models. */
    public static final Licence RESEARCH_ONLY = new Licence("non-commercial research only", false);
  }
}
