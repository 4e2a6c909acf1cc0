package dev.likeness.photos.likeness;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Measures how much pictures look like a person, against photos and with an embedder that took no part in making them,
 * on the person's own scale: how alike two of their own photos are. Immutable; the tools stay the caller's to close.
 */
public final class Likeness {
  private final FaceDetector detector;
  private final FaceEmbedder embedder;
  private final List<float[]> references;
  private final double[] own;
  private final boolean independent;

  private Likeness(FaceDetector detector, FaceEmbedder embedder, HoldOut photos) {
    this.detector = detector;
    this.embedder = embedder;
    this.references = vectors(photos.heldOut(), embedder);
    this.own = pairs(photos.independent() ? joined(references, vectors(photos.training(), embedder)) : references);
    this.independent = photos.independent();
  }

  /** Compares with the held-out photos; all of the person's photos tell how alike their own are. */
  public static Likeness of(HoldOut photos, FaceDetector detector, FaceEmbedder embedder) {
    return new Likeness(detector, embedder, photos);
  }

  /** The mean cosine of the largest face in {@code picture} with the person's photos; -1 when there is no face. */
  public double cosine(Picture picture) {
    LikenessScore score = score(picture);
    return score.faceFound() ? score.cosine() : -1;
  }

  /** The score of one picture. */
  public LikenessScore score(Picture picture) {
    List<Face> faces = detector.detect(picture);
    if (faces.isEmpty()) {
      return LikenessScore.NO_FACE;
    }
    float[] vector = embedder.embed(picture, faces.get(0));
    double cosine = references.stream().mapToDouble(other -> FaceEmbedder.cosine(vector, other)).average()
        .orElseThrow();
    return new LikenessScore(true, cosine, standing(cosine));
  }

  /** The scores of several pictures and what they come to. */
  public LikenessReport report(List<Picture> pictures) {
    List<LikenessScore> scores = pictures.stream().map(this::score).toList();
    double[] cosines = scores.stream().filter(LikenessScore::faceFound).mapToDouble(LikenessScore::cosine).toArray();
    double mean = Arrays.stream(cosines).average().orElse(Double.NaN);
    double ownMean = Arrays.stream(own).average().orElse(Double.NaN);
    return new LikenessReport(scores, mean, Interval.ofMean(cosines), ownMean, independent, meaning(mean));
  }

  /** The cosines of all pairs of the person's own photos. */
  public double[] ownPairs() {
    return own.clone();
  }

  /** The curve of the person's own pairs against pairs of each reference with faces of {@code others}. */
  public Roc against(List<AcceptedPhoto> others) {
    double[] different = vectors(others, embedder).stream()
        .flatMapToDouble(other -> references.stream().mapToDouble(vector -> FaceEmbedder.cosine(vector, other)))
        .toArray();
    return Roc.of(own, different);
  }

  private double standing(double cosine) {
    long below = Arrays.stream(own).filter(pair -> pair < cosine).count();
    return own.length == 0 ? Double.NaN : below / (double) own.length;
  }

  private String meaning(double mean) {
    String caution = independent ? "" : "; the photos compared with took part in training, so this flatters";
    if (Double.isNaN(mean)) {
      return "no face was found in the pictures";
    }
    double least = Arrays.stream(own).min().orElse(Double.NaN);
    if (standing(mean) >= 0.25) {
      return "as similar as two of the person's own photos" + caution;
    } else if (mean >= least) {
      return "as similar as the least alike of the person's own photos" + caution;
    } else if (mean >= embedder.sameAbove()) {
      return "recognisably the same person, less similar than their own photos" + caution;
    }
    return "not recognised as the same person by " + embedder.name() + caution;
  }

  private static List<float[]> vectors(List<AcceptedPhoto> photos, FaceEmbedder embedder) {
    return photos.stream().map(photo -> embedder.embed(photo.picture(), photo.face())).toList();
  }

  private static List<float[]> joined(List<float[]> some, List<float[]> others) {
    List<float[]> all = new ArrayList<>(some);
    all.addAll(others);
    return all;
  }

  private static double[] pairs(List<float[]> vectors) {
    List<Double> cosines = new ArrayList<>();
    for (int i = 0; i < vectors.size(); i++) {
      for (int j = 0; j < i; j++) {
        cosines.add(FaceEmbedder.cosine(vectors.get(i), vectors.get(j)));
      }
    }
    return cosines.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
