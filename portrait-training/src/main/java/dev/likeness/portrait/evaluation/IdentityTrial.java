package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.adapt.Identity;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.headshots.Consent;
import dev.likeness.headshots.Headshot;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.LikenessDial;
import dev.likeness.headshots.ShootRequest;
import dev.likeness.headshots.ShownPerson;
import dev.likeness.headshots.Style;
import dev.likeness.ipadapter.Reference;
import dev.likeness.ipadapter.face.PersonAdapter;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.Photo;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Sex;
import dev.likeness.portrait.people.Shot;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * Learns a rendered person whom nothing has seen from selfies, draws headshots with what was learnt and, as the control,
 * without, and says how often they are recognised among 200 of the same sex, age band and hair.
 */
final class IdentityTrial {
  /** The number of the first of them. */
  static final long FIRST = 9_100_000_000L;

  private static final int SELFIES = 10;
  private static final int HELD_OUT = 4;
  private static final int GALLERY = 200;
  private static final long NOISE = 100;
  private static final List<String> STYLES = List.of("studio", "office", "outdoor", "black-and-white", "corporate");

  /**
   * One way of drawing somebody.
   *
   * @param headshots what was drawn
   * @param faces in how many a face was found
   * @param recognised how many are nearest to the person's own photos
   * @param likeness mean cosine to their photos
   */
  record Outcome(List<Headshot> headshots, long faces, long recognised, double likeness) { }

  /**
   * What came of it.
   *
   * @param seconds that learning took
   * @param spread mean cosine of the person's own photos to each other
   */
  record Result(double seconds, double spread, Outcome with, Outcome without) {}

  private final HeadshotStudio studio;
  private final FaceDetector detector;
  private final FaceEmbedder embedder;

  /** Trials on {@code base}, learning in {@code steps} steps or, with 0, in as many as the studio takes. */
  IdentityTrial(BaseModel base, int steps, FaceDetector detector, FaceEmbedder embedder) {
    HeadshotStudio usual = HeadshotStudio.on(base);
    this.studio = steps == 0 ? usual : usual.training(usual.training().steps(steps));
    this.detector = detector;
    this.embedder = embedder;
  }

  Result of(Person person, int each) {
    Gallery gallery = gallery(person);
    long start = System.nanoTime();
    try (TrainedPerson learnt = studio.learn(PhotoReview.of(PhotoSet.of(selfies(person))), Consent.NOBODY_REAL)) {
      double seconds = (System.nanoTime() - start) / 1e9;
      return new Result(seconds, gallery.spread(), shoot(gallery, learnt, 1, each), shoot(gallery, learnt, 0, each));
    }
  }

  /** As somebody whom an adapter is shown by that many selfies, at each of these places of its dial. */
  List<Outcome> shown(Person person, PersonAdapter adapter, LikenessDial dial, int references, int each, double... likeness) {
    Gallery gallery = gallery(person);
    Random random = new Random(person.seed());
    List<Reference> selfies = Stream.generate(() -> Renderer.render(person, Shot.selfie(random), 256).picture())
        .flatMap(selfie -> detector.detect(selfie).stream().limit(1).map(face -> adapter.reference(selfie, face)))
        .limit(references).toList();
    String word = person.sex() == Sex.WOMAN ? "woman" : "man";
    ShownPerson shown = new ShownPerson(adapter.adapter().identity(selfies).called(word), null, Consent.NOBODY_REAL,
        adapter.describe(), dial);
    return DoubleStream.of(likeness).mapToObj(place -> shoot(gallery, shown, place, each)).toList();
  }

  private Gallery gallery(Person person) {
    return new Gallery(person, GALLERY, HELD_OUT, detector, embedder);
  }

  private Outcome shoot(Gallery gallery, Identity person, double likeness, int each) {
    List<Headshot> headshots = studio.shoot(person, ShootRequest.of(STYLES.stream().map(Style::named).toList(), each)
        .likeness(likeness).seed(NOISE)).headshots();
    List<float[]> faces =
        headshots.stream().map(h -> gallery.vector(h.picture())).flatMap(Optional::stream).toList();
    return new Outcome(headshots, faces.size(), faces.stream().filter(gallery::recognises).count(),
        faces.stream().mapToDouble(gallery::likeness).average().orElse(Double.NaN));
  }

  /** Photos that are neither in the gallery nor held out. */
  static List<Photo> selfies(Person person) {
    return selfies(person, UnaryOperator.identity());
  }

  /** Such photos, each as {@code setting} has it. */
  static List<Photo> selfies(Person person, UnaryOperator<Shot> setting) {
    Random random = new Random(person.seed());
    List<Photo> photos = new ArrayList<>();
    for (int i = 0; i < SELFIES; i++) {
      Picture picture = Renderer.render(person, setting.apply(Shot.selfie(random)), 512).picture();
      photos.add(Photo.of("selfie-" + i + ".png", picture.toPng()));
    }
    return photos;
  }
}
