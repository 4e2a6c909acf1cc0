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
 * Uses a face embedder to measure how similar images are to a person. The images should not have
 * been generated with this embedder. For comparison, this class measures how similar the person's
 * own photos are to each other, and to photos of other people.
 *
 * <p>Immutable. The caller closes detector and embedder. Use {@code likeness::cosine} to choose a
 * checkpoint in training, and {@link LikenessReport#ranking()} to sort the images of a shoot.
 */
public final class Likeness {
  private static final String TRAINED_ON = "the photos were also used for training";

  // The threshold as a share of the mean cosine of the person's own photos.
  private static final double GENUINE_SHARE = 0.9;

  private final List<AcceptedPhoto> photos;
  final FaceDetector detector;
  final FaceEmbedder embedder;
  private final List<float[]> references;
  private final double[] genuine;
  private final double[] impostors;
  private final String caveat;

  private Likeness(
      List<AcceptedPhoto> photos,
      FaceDetector detector,
      FaceEmbedder embedder,
      List<float[]> references,
      double[] genuine,
      String caveat) {
    this.photos = photos;
    this.detector = detector;
    this.embedder = embedder;
    this.references = references;
    this.genuine = genuine;
    this.impostors = new double[0];
    this.caveat = caveat;
  }

  private Likeness(Likeness same, double[] impostors, String caveat) {
    this.photos = same.photos;
    this.detector = same.detector;
    this.embedder = same.embedder;
    this.references = same.references;
    this.genuine = same.genuine;
    this.impostors = impostors;
    this.caveat = caveat;
  }

  /**
   * Returns a {@code Likeness} that compares images with the held-out photos. For comparison, it
   * measures the similarity of the person's photos to each other: of all photos if the split is
   * independent, otherwise of the held-out photos only.
   *
   * @param photos training photos and held-out photos of the person
   * @param detector finds the faces of images; the caller closes it
   * @param embedder embeds the faces of photos and images; the caller closes it
   * @return the likeness
   */
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
   * Returns a {@code Likeness} that compares images with stored embeddings of photos. Its reports
   * are marked as not independent, because the photos may have been used for training.
   *
   * @param references embeddings of the person's photos, made by {@code embedder}; at least one
   * @param detector finds the faces of images; the caller closes it
   * @param embedder embeds the faces of images; the caller closes it
   * @return the likeness
   * @throws IllegalArgumentException if there are no embeddings, the embeddings differ in length,
   *     or a number is NaN or infinite
   */
  public static Likeness of(
      List<float[]> references, FaceDetector detector, FaceEmbedder embedder) {
    if (references.isEmpty()) {
      throw new IllegalArgumentException(
          "a likeness needs at least 1 embedding of the person, got 0");
    }
    for (float[] reference : references) {
      if (!Double.isFinite(FaceEmbedder.cosine(reference, reference))) {
        throw new IllegalArgumentException(
            "an embedding of the person has numbers that are NaN or infinite; embed the photo again");
      }
    }
    return new Likeness(
        List.of(), detector, embedder, List.copyOf(references), pairs(references), TRAINED_ON);
  }

  /**
   * Returns this likeness with photos of other people, so that reports contain false match rates
   * and a ROC curve.
   *
   * @param others photos of other people, one face each; more photos give finer rates
   * @return a new likeness with the same detector and embedder
   */
  public Likeness withImpostors(List<AcceptedPhoto> others) {
    double[] cosines = vectors(others, embedder).stream()
        .flatMapToDouble(
            other -> references.stream().mapToDouble(vector -> FaceEmbedder.cosine(vector, other)))
        .toArray();
    return new Likeness(this, cosines, caveat);
  }

  /**
   * Returns a {@code Likeness} for images that were generated with a face embedder. If this
   * likeness measures with the same embedder, reports are marked as not independent, because their
   * scores are too high.
   *
   * @param embedderName {@link FaceEmbedder#name()} of the embedder used for generation
   * @return this likeness, or a copy whose reports are marked as not independent
   */
  public Likeness conditionedBy(String embedderName) {
    boolean same = embedderName.equals(embedder.name());
    return same
        ? new Likeness(this, impostors, "the embedder was also used to generate the images")
        : this;
  }

  /**
   * Returns a {@code Likeness} for images or checkpoints that another {@code Likeness} selected. If
   * both use the same embedder and share a photo, reports are marked as not independent, because
   * their scores are too high.
   *
   * @param chooser the {@code Likeness} that made the selection
   * @return this likeness, or a copy whose reports are marked as not independent
   */
  public Likeness selectedBy(Likeness chooser) {
    boolean shared =
        chooser.photos.stream().anyMatch(photo -> photos.stream().anyMatch(held -> held == photo));
    return shared && chooser.embedder.name().equals(embedder.name())
        ? new Likeness(this, impostors, "the images were chosen with the same photos and embedder")
        : this;
  }

  /**
   * Compares the largest face of an image with the person's photos and returns the mean cosine.
   *
   * @param image an upright image of any size
   * @return the mean cosine, -1 to 1; -1 if no face is found
   */
  public double cosine(RgbImage image) {
    LikenessScore score = score(image);
    return score.hasFace() ? score.cosine() : -1;
  }

  /**
   * Returns the score of the largest face in one image.
   *
   * @param image an upright image of any size
   * @return the score; {@link LikenessScore#hasFace()} is false if no face is found
   */
  public LikenessScore score(RgbImage image) {
    return score(cosines(image));
  }

  /**
   * Returns the scores of several images, with their mean and a sentence that explains the mean.
   *
   * @param images upright images of any size
   * @return the report
   */
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

  /**
   * Returns the ROC curve of the embedder for this person. The genuine pairs are pairs of the
   * person's own photos. The impostor pairs consist of a photo of the person and a photo of another
   * person.
   *
   * @return the curve; empty if no photos of other people were given ({@link #withImpostors}), or
   *     with only one photo of the person
   */
  public Optional<RocCurve> roc() {
    return genuine.length == 0 || impostors.length == 0
        ? Optional.empty()
        : Optional.of(RocCurve.of(genuine, impostors));
  }

  /**
   * Returns the cosine below which an image counts as unlike the person. It is 0.9 times the mean
   * cosine between the person's own photos, but at most {@link FaceEmbedder#samePersonThreshold()}.
   * With only one photo, it is the embedder's threshold.
   *
   * @return the threshold, -1 to 1
   */
  public double threshold() {
    return genuine.length == 0
        ? embedder.samePersonThreshold()
        : Math.min(embedder.samePersonThreshold(), GENUINE_SHARE * mean(genuine));
  }

  /**
   * Decides whether a similarity is that of the same person. Reports and the scores of headshots
   * use this rule.
   *
   * @param cosine the mean cosine of a face with the person's photos, -1 to 1
   * @return true if it is not below {@link #threshold()}
   */
  public boolean recognises(double cosine) {
    return cosine >= threshold();
  }

  /**
   * {@return true if the embedder was trained on photographs; false if it was trained on rendered
   * faces only} If the result is false, {@link #threshold()} does not hold for people in
   * photographs.
   */
  public boolean isForPhotographs() {
    return embedder.isTrainedOnPhotographs();
  }

  /** {@return a copy of the cosines of all pairs of the person's own photos} */
  public double[] genuineCosines() {
    return genuine.clone();
  }

  /**
   * {@return a copy of the cosines of the person's photos with photos of other people; empty if no
   * such photos were given ({@link #withImpostors})}
   */
  public double[] impostorCosines() {
    return impostors.clone();
  }

  // Returns one cosine per reference, or no cosine if no face is found.
  private double[] cosines(RgbImage image) {
    List<Face> faces = detector.detect(image);
    return faces.isEmpty() ? new double[0] : cosines(embedder.embed(image, faces.get(0)));
  }

  private double[] cosines(float[] vector) {
    return references.stream()
        .mapToDouble(own -> FaceEmbedder.cosine(vector, own))
        .toArray();
  }

  LikenessScore score(float[] face) {
    return score(cosines(face));
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
    String warning = caveat.isEmpty() ? "" : "; " + caveat + ", so the score is too high";
    if (!recognises(mean)) {
      return "not recognised as the same person by " + embedder.name() + warning;
    }
    double least = Arrays.stream(genuine).min().orElse(Double.NaN);
    if (percentile(mean) >= 0.25) {
      return "as similar as two of the person's own photos" + warning;
    }
    if (mean >= least) {
      return "as similar as the two least similar of the person's own photos" + warning;
    }
    String less = genuine.length == 0 ? "" : ", but less similar than their own photos";
    return "recognised as the same person" + less + warning;
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
