package dev.likeness.photos.likeness;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Measures how similar images are to a person, with a face embedder that took no part in generating
 * them. The scale is set by the similarity of the person's own photos and of other people.
 * Immutable; the caller closes the tools. Use {@code likeness::cosine} to choose a checkpoint in
 * training, and {@link LikenessReport#ranking()} to sort the images of a shoot.
 */
public final class Likeness {
  private static final String TRAINED_ON = "the photos compared with took part in training";

  private static final double GENUINE_SHARE = 0.9;

  private final List<AcceptedPhoto> photos;
  private final FaceDetector detector;
  private final FaceEmbedder embedder;
  private final List<float[]> references;
  private final double[] genuine;
  private final double[] impostors;
  private final String caveat;

  private Likeness(
      List<AcceptedPhoto> photos,
      FaceDetector detector,
      FaceEmbedder embedder,
      List<float[]> references,
      double[] own,
      String caution) {
    this.photos = photos;
    this.detector = detector;
    this.embedder = embedder;
    this.references = references;
    this.genuine = own;
    this.impostors = new double[0];
    this.caveat = caution;
  }

  private Likeness(Likeness same, double[] impostors, String caution) {
    this.photos = same.photos;
    this.detector = same.detector;
    this.embedder = same.embedder;
    this.references = same.references;
    this.genuine = same.genuine;
    this.impostors = impostors;
    this.caveat = caution;
  }

  /** Compares with the held-out photos; all of the person's photos tell how alike their own are. */
  public static Likeness of(ValidationSplit photos, FaceDetector detector, FaceEmbedder embedder) {
    List<float[]> references = vectors(photos.validation(), embedder);
    double[] own = pairs(
        photos.isIndependent()
            ? concat(references, vectors(photos.training(), embedder))
            : references);
    return new Likeness(
        photos.validation(),
        detector,
        embedder,
        references,
        own,
        photos.isIndependent() ? "" : TRAINED_ON);
  }

  /**
   * Compares with the vectors of photos that are no longer here.
   *
   * @param references at least one, made by {@code embedder}; they count as training photos
   */
  public static Likeness of(
      List<float[]> references, FaceDetector detector, FaceEmbedder embedder) {
    if (references.isEmpty()) {
      throw new IllegalArgumentException(
          "likeness is measured against a person's photos, given no vector of one");
    }
    return new Likeness(
        List.of(), detector, embedder, List.copyOf(references), pairs(references), TRAINED_ON);
  }

  /** The same, calibrated against faces of other people; the more, the finer. */
  public Likeness withImpostors(List<AcceptedPhoto> others) {
    double[] cosines = vectors(others, embedder).stream()
        .flatMapToDouble(
            other -> references.stream().mapToDouble(vector -> FaceEmbedder.cosine(vector, other)))
        .toArray();
    return new Likeness(this, cosines, caveat);
  }

  /**
   * The same for images that an embedder of that name has helped to make: with our own, the score
   * flatters.
   */
  public Likeness conditionedBy(String embedderName) {
    boolean same = embedderName.equals(embedder.name());
    return same
        ? new Likeness(this, impostors, "the embedder took part in making the images")
        : this;
  }

  /**
   * The same for images or checkpoints that {@code chooser} chose: with our own photos and
   * embedder, it flatters.
   */
  public Likeness selectedBy(Likeness chooser) {
    boolean shared =
        chooser.photos.stream().anyMatch(photo -> photos.stream().anyMatch(held -> held == photo));
    return shared && chooser.embedder.name().equals(embedder.name())
        ? new Likeness(this, impostors, "they were chosen by the same photos and embedder")
        : this;
  }

  /**
   * The mean cosine of the largest face in {@code image} with the person's photos; -1 when there is
   * no face.
   */
  public double cosine(RgbImage image) {
    LikenessScore score = score(image);
    return score.hasFace() ? score.cosine() : -1;
  }

  /** The score of one image. */
  public LikenessScore score(RgbImage image) {
    return score(cosines(image));
  }

  /** The scores of several images and what they come to. */
  public LikenessReport report(List<RgbImage> images) {
    double[][] cosines = images.stream().map(this::cosines).toArray(double[][]::new);
    double[][] faces =
        Arrays.stream(cosines).filter(row -> row.length > 0).toArray(double[][]::new);
    double mean = mean(Arrays.stream(faces).mapToDouble(Likeness::mean).toArray());
    return new LikenessReport(
        Arrays.stream(cosines).map(this::score).toList(),
        mean,
        ConfidenceInterval.ofMean(faces),
        mean(genuine),
        caveat.isEmpty(),
        roc(),
        meaning(mean));
  }

  /** The curve of the person's own pairs against pairs with impostors; empty without both. */
  public Optional<RocCurve> roc() {
    return genuine.length == 0 || impostors.length == 0
        ? Optional.empty()
        : Optional.of(RocCurve.of(genuine, impostors));
  }

  /**
   * The cosine below which an image is unlike the person: nine tenths of what two of their own
   * photos have on average, since the same detector finds the faces of both, but no more than the
   * embedder asks of any two; that where only one photo is known.
   */
  public double threshold() {
    return genuine.length == 0
        ? embedder.samePersonThreshold()
        : Math.min(embedder.samePersonThreshold(), GENUINE_SHARE * mean(genuine));
  }

  /** The cosines of all pairs of the person's own photos. */
  public double[] genuineCosines() {
    return genuine.clone();
  }

  /**
   * The cosines of the person's photos with those of other people; none before
   * {@link #withImpostors}.
   */
  public double[] impostorCosines() {
    return impostors.clone();
  }

  // One cosine a reference; empty without a face.
  private double[] cosines(RgbImage image) {
    List<Face> faces = detector.detect(image);
    if (faces.isEmpty()) {
      return new double[0];
    }
    float[] vector = embedder.embed(image, faces.get(0));
    return references.stream()
        .mapToDouble(other -> FaceEmbedder.cosine(vector, other))
        .toArray();
  }

  private LikenessScore score(double[] cosines) {
    if (cosines.length == 0) {
      return LikenessScore.NO_FACE;
    }
    double cosine = mean(cosines);
    double passing = Arrays.stream(impostors).filter(other -> other >= cosine).count();
    return new LikenessScore(
        true,
        cosine,
        percentile(cosine),
        impostors.length == 0 ? Double.NaN : passing / impostors.length,
        ConfidenceInterval.ofMean(new double[][] {cosines}));
  }

  private double percentile(double cosine) {
    long below = Arrays.stream(genuine).filter(pair -> pair < cosine).count();
    return genuine.length == 0 ? Double.NaN : below / (double) genuine.length;
  }

  private String meaning(double mean) {
    if (Double.isNaN(mean)) {
      return "no face was found in the images";
    }
    String flattery = caveat.isEmpty() ? "" : "; " + caveat + ", so this flatters";
    double least = Arrays.stream(genuine).min().orElse(Double.NaN);
    if (percentile(mean) >= 0.25) {
      return "as similar as two of the person's own photos" + flattery;
    } else if (mean >= least) {
      return "as similar as the least alike of the person's own photos" + flattery;
    } else if (mean >= embedder.samePersonThreshold()) {
      return "recognisably the same person, less similar than their own photos" + flattery;
    }
    return "not recognised as the same person by " + embedder.name() + flattery;
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElse(Double.NaN);
  }

  private static List<float[]> vectors(List<AcceptedPhoto> photos, FaceEmbedder embedder) {
    return photos.stream()
        .map(photo -> embedder.embed(photo.image(), photo.face()))
        .toList();
  }

  private static List<float[]> concat(List<float[]> some, List<float[]> others) {
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
