package dev.likeness.ipadapter.internal.file;

import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.model.FamilyRegistry;

/** The kinds of IP-Adapters, by what they make their tokens from. */
public enum IpAdapterVariant {
  /** A linear layer over an image's pooled vector (Ye et al. 2023, arXiv:2308.06721). */
  BASE("IP-Adapter", ImageInput.POOLED, false),
  /** A resampler over an image's tokens. */
  PLUS("IP-Adapter Plus", ImageInput.TOKENS, false),
  /** Two layers over each of an image's tokens. */
  FULL_FACE("IP-Adapter Full Face", ImageInput.TOKENS, false),
  /** Two layers over a face recogniser's numbers, and a LoRA. */
  FACE_ID("IP-Adapter FaceID", ImageInput.NONE, true),
  /** FaceID's tokens, refined by an image of the face. */
  FACE_ID_PLUS("IP-Adapter FaceID-Plus", ImageInput.TOKENS, true),
  /** As FaceID with more tokens and no LoRA, for several photos of one face. */
  PORTRAIT("IP-Adapter FaceID Portrait", ImageInput.NONE, true),
  /** A resampler over a face recogniser's numbers as they come, not brought to unit length. */
  PORTRAIT_UNNORM("IP-Adapter FaceID Portrait, unnormalised", ImageInput.NONE, true),
  /** As the plain one, added to the image after each of FLUX's double blocks (XLabs). */
  XLABS("IP-Adapter of XLabs", ImageInput.POOLED, false),
  /** Two layers over an image's pooled vector, for all of FLUX's attentions (InstantX). */
  INSTANT_X("IP-Adapter of InstantX", ImageInput.POOLED, false),
  /**
   * A resampler over an image's tokens with timestep input, for Stable Diffusion 3.5 (InstantX).
   */
  INSTANT_X_TIMED("IP-Adapter of InstantX", ImageInput.TOKENS, false);

  /** What of an image encoder's answer is used. */
  public enum ImageInput {
    NONE,
    POOLED,
    TOKENS
  }

  /** What an adapter was given in training where there was no image. */
  public enum UnconditionalInput {
    /** Zeros in the place of the encoder's answer. */
    ZEROS,
    /** The encoder's answer to an input of zeros. */
    ZERO_PIXELS,
    /** The encoder's answer to a black image. */
    BLACK
  }

  private final String title;
  private final ImageInput imageInput;
  private final boolean needsFace;

  IpAdapterVariant(String title, ImageInput sight, boolean face) {
    this.title = title;
    this.imageInput = sight;
    this.needsFace = face;
  }

  /** Its published name. */
  public String title() {
    return title;
  }

  /** The family of bases that it is made for. */
  public ModelFamily family() {
    return switch (this) {
      case XLABS, INSTANT_X -> FamilyRegistry.FLUX;
      case INSTANT_X_TIMED -> FamilyRegistry.SD3;
      default -> FamilyRegistry.STABLE_DIFFUSION;
    };
  }

  /** What errors call the bases whose attentions understand image tokens of this width. */
  public String baseDescription(long contextWidth) {
    return family().attentionSites().orElseThrow().baseDescription(contextWidth);
  }

  /** What stands for no image beside a negative prompt, as diffusers' pipelines have it. */
  public UnconditionalInput unconditionalInput() {
    return switch (this) {
      case XLABS, INSTANT_X -> UnconditionalInput.BLACK;
      case INSTANT_X_TIMED -> UnconditionalInput.ZEROS;
      default ->
        imageInput == ImageInput.TOKENS ? UnconditionalInput.ZERO_PIXELS : UnconditionalInput.ZEROS;
    };
  }

  /** What it wants of an image encoder. */
  public ImageInput imageInput() {
    return imageInput;
  }

  /** Whether it wants a face recogniser's numbers. */
  public boolean needsFace() {
    return needsFace;
  }

  /** Whether it wants them as they come, not brought to unit length. */
  public boolean needsRawEmbedding() {
    return this == PORTRAIT_UNNORM;
  }

  /** Whether it was trained together with a LoRA. */
  public boolean needsLora() {
    return this == FACE_ID || this == FACE_ID_PLUS;
  }
}
