package dev.likeness.benchmarks;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import java.util.Optional;

/**
 * How near an image is to another one, and how like its person.
 *
 * @param psnr the peak signal-to-noise ratio in dB, 255 at the peak; infinite where both are equal
 * @param likeness the cosine of their largest faces' embeddings, -1 to 1; NaN where there is none
 */
record Closeness(double psnr, double likeness) {
  /** An image that others are held against, with its largest face. */
  static final class Reference {
    private final RgbImage image;
    private final FaceEmbedder embedder;
    private final Optional<Face> found;
    private final Optional<float[]> face;

    Reference(RgbImage image, FaceDetector detector, FaceEmbedder embedder) {
      this.image = image;
      this.embedder = embedder;
      found =
          embedder == null ? Optional.empty() : detector.detect(image).stream().findFirst();
      face = found.map(here -> embedder.embed(image, here));
    }

    /**
     * To the same image drawn otherwise: its face lies where this one's does, so no detector's
     * jumps enter.
     */
    Closeness compareTo(RgbImage other) {
      return compareTo(other, found.map(here -> embedder.embed(other, here)));
    }

    /** To another image, by the face found there. */
    Closeness compareTo(Reference other) {
      return compareTo(other.image, other.face);
    }

    private Closeness compareTo(RgbImage other, Optional<float[]> theirs) {
      double likeness = face.isEmpty() || theirs.isEmpty()
          ? Double.NaN
          : FaceEmbedder.cosine(face.get(), theirs.get());
      return new Closeness(psnr(image.rgb(), other.rgb()), likeness);
    }
  }

  private static double psnr(byte[] a, byte[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      double d = (a[i] & 255) - (b[i] & 255);
      sum += d * d;
    }
    return sum == 0 ? Double.POSITIVE_INFINITY : 10 * Math.log10(255 * 255 / (sum / a.length));
  }
}
