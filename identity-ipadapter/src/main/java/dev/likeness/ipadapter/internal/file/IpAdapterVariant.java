package dev.likeness.ipadapter.internal.file;

import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.model.FamilyRegistry;

/** The kinds of IP-Adapters. They differ in input and projection. */
public enum IpAdapterVariant {
  /** A linear layer over the image's pooled vector (Ye et al. 2023, arXiv:2308.06721). */
  BASE("IP-Adapter", ImageInput.POOLED, false),
  /** A resampler over an image's tokens. */
  PLUS("IP-Adapter Plus", ImageInput.TOKENS, false),
  /** Two layers over each of an image's tokens. */
  FULL_FACE("IP-Adapter Full Face", ImageInput.TOKENS, false),
  /** Two layers over a face embedding, and a LoRA. */
  FACE_ID("IP-Adapter FaceID", ImageInput.NONE, true),
  /** FaceID's tokens, refined by attention over an image of the face. */
  FACE_ID_PLUS("IP-Adapter FaceID-Plus", ImageInput.TOKENS, true),
  /** FaceID with more tokens and no LoRA, for several photos of one face. */
  PORTRAIT("IP-Adapter FaceID Portrait", ImageInput.NONE, true),
  /** A resampler over a face embedding that is not normalised to unit length. */
  PORTRAIT_UNNORM("IP-Adapter FaceID Portrait, unnormalised", ImageInput.NONE, true),
  /** Like the base kind, but added to the image after each of FLUX's double blocks (XLabs). */
  XLABS("IP-Adapter of XLabs", ImageInput.POOLED, false),
  /** Two layers over the image's pooled vector, for all of FLUX's attentions (InstantX). */
  INSTANT_X("IP-Adapter of InstantX", ImageInput.POOLED, false),
  /**
   * A resampler over an image's tokens with timestep input, for Stable Diffusion 3.5 (InstantX).
   */
  INSTANT_X_TIMED("IP-Adapter of InstantX", ImageInput.TOKENS, false);

  /** The output of an image encoder that an adapter uses. */
  public enum ImageInput {
    NONE,
    POOLED,
    TOKENS
  }

  /** The input of an adapter in training for "no image". */
  public enum UnconditionalInput {
    /** Zeros instead of the encoder's output. */
    ZEROS,
    /** The encoder's output for an input of zeros. */
    ZERO_PIXELS,
    /** The encoder's output for a black image. */
    BLACK
  }

  private final String title;
  private final ImageInput imageInput;
  private final boolean needsFace;

  IpAdapterVariant(String title, ImageInput imageInput, boolean needsFace) {
    this.title = title;
    this.imageInput = imageInput;
    this.needsFace = needsFace;
  }

  /** Returns its published name. */
  public String title() {
    return title;
  }

  /** Returns the family of bases that it is made for. */
  public ModelFamily family() {
    return switch (this) {
      case XLABS, INSTANT_X -> FamilyRegistry.FLUX;
      case INSTANT_X_TIMED -> FamilyRegistry.SD3;
      default -> FamilyRegistry.STABLE_DIFFUSION;
    };
  }

  /** Returns the kind of base with this context width, for messages. */
  public String baseDescription(long contextWidth) {
    return family().attentionSites().orElseThrow().baseDescription(contextWidth);
  }

  /** Returns the unconditional image input for guidance, as in diffusers' pipelines. */
  public UnconditionalInput unconditionalInput() {
    return switch (this) {
      case XLABS, INSTANT_X -> UnconditionalInput.BLACK;
      case INSTANT_X_TIMED -> UnconditionalInput.ZEROS;
      default ->
        imageInput == ImageInput.TOKENS ? UnconditionalInput.ZERO_PIXELS : UnconditionalInput.ZEROS;
    };
  }

  /** Returns the output of an image encoder that it needs. */
  public ImageInput imageInput() {
    return imageInput;
  }

  /** Returns true if it needs a face embedding. */
  public boolean needsFace() {
    return needsFace;
  }

  /** Returns true if it needs a face embedding that is not normalised to unit length. */
  public boolean needsRawEmbedding() {
    return this == PORTRAIT_UNNORM;
  }

  /** Returns true if it was trained together with a LoRA. */
  public boolean needsLora() {
    return this == FACE_ID || this == FACE_ID_PLUS;
  }
}
