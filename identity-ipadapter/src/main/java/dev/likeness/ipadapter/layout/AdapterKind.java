package dev.likeness.ipadapter.layout;

/** The kinds of IP-Adapters, by what they make their tokens from. */
public enum AdapterKind {
  /** A linear layer over a picture's pooled vector (Ye et al. 2023, arXiv:2308.06721). */
  BASE("IP-Adapter", Sight.POOLED, false),
  /** A resampler over a picture's tokens. */
  PLUS("IP-Adapter Plus", Sight.TOKENS, false),
  /** Two layers over each of a picture's tokens. */
  FULL_FACE("IP-Adapter Full Face", Sight.TOKENS, false),
  /** Two layers over a face recogniser's numbers, and a LoRA. */
  FACE_ID("IP-Adapter FaceID", Sight.NONE, true),
  /** FaceID's tokens, refined by a picture of the face. */
  FACE_ID_PLUS("IP-Adapter FaceID-Plus", Sight.TOKENS, true),
  /** As FaceID with more tokens and no LoRA, for several photos of one face. */
  PORTRAIT("IP-Adapter FaceID Portrait", Sight.NONE, true),
  /** A resampler over a face recogniser's numbers as they come, not brought to unit length. */
  PORTRAIT_UNNORM("IP-Adapter FaceID Portrait, unnormalised", Sight.NONE, true);

  /** What of an image encoder's answer is used. */
  public enum Sight { NONE, POOLED, TOKENS }

  private final String title;
  private final Sight sight;
  private final boolean face;

  AdapterKind(String title, Sight sight, boolean face) {
    this.title = title;
    this.sight = sight;
    this.face = face;
  }

  /** Its published name. */
  public String title() {
    return title;
  }

  /** What it wants of an image encoder. */
  public Sight sight() {
    return sight;
  }

  /** Whether it wants a face recogniser's numbers. */
  public boolean wantsFace() {
    return face;
  }

  /** Whether it was trained together with a LoRA. */
  public boolean wantsLora() {
    return this == FACE_ID || this == FACE_ID_PLUS;
  }
}
