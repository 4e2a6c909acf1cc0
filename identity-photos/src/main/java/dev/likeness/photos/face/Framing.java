package dev.likeness.photos.face;

/** How much of a person a square crop shows. */
public enum Framing {
  /** Brows to chin, as face encoders see it. */
  FACE(1.2, 0.5, 1),
  /** Hair to chin, as IP-Adapter's face models were trained. */
  HEAD(1.8, 0.52, 1),
  /**
   * Hair to shoulders, as headshots are framed and people are learnt; takes in up to 1.8 times more
   * to stay crisp.
   */
  HEAD_AND_SHOULDERS(2.6, 0.44, 1.8);

  private final double faces;
  private final double faceDown;
  private final double widest;

  Framing(double faces, double faceDown, double widest) {
    this.faces = faces;
    this.faceDown = faceDown;
    this.widest = widest;
  }

  /**
   * The crop's side in face boxes; those span ear to ear, the hair adds half of that, shoulders are
   * 2.6 wide.
   */
  double faces() {
    return faces;
  }

  /** How far down the crop the middle of the face is, 0 to 1. */
  double faceDown() {
    return faceDown;
  }

  /** How many times larger the crop may be, rather than be enlarged. */
  double widest() {
    return widest;
  }
}
