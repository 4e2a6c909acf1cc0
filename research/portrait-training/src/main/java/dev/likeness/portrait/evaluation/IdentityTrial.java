package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.TrainingRequest;
import dev.likeness.headshots.person.FaceEmbeddings;
import dev.likeness.headshots.person.IdentityStrength;
import dev.likeness.headshots.person.IpAdapterPerson;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.lora.LoraPerson;
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
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Learns a rendered person whom nothing has seen from selfies, or shows them to an adapter, draws
 * headshots and, as the control, the same without the person, and says how often they are
 * recognised among 200 of the same sex, age band and hair.
 *
 * @param studio that learns and draws
 * @param guidance that the studio has, for people who are shown
 * @param detector finds the faces in selfies
 * @param judge finds those in the gallery and in what was drawn
 * @param embedder tells people apart
 */
record IdentityTrial(
    HeadshotStudio studio,
    Optional<FaceGuidance> guidance,
    FaceDetector detector,
    FaceDetector judge,
    FaceEmbedder embedder) {
  /** The number of the first of them. */
  static final long FIRST = 9_100_000_000L;

  private static final int SELFIES = 10;
  private static final int HELD_OUT = 4;
  private static final int GALLERY = 200;
  private static final List<String> STYLES =
      List.of("studio", "office", "outdoor", "black-and-white", "corporate");

  /**
   * One way of drawing somebody.
   *
   * @param headshots what was drawn
   * @param faces in how many a face was found
   * @param recognised how many are nearest to the person's own photos
   * @param likeness mean cosine to their photos
   */
  record Outcome(List<Headshot> headshots, long faces, long recognised, double likeness) {}

  /**
   * What came of it.
   *
   * @param seconds that learning took
   * @param spread mean cosine of the person's own photos to each other
   * @param with the person learnt
   * @param without nothing of the person
   * @param shown the person as an adapter is shown them, where one is
   */
  record Result(
      double seconds, double spread, Outcome with, Outcome without, Optional<Outcome> shown) {}

  /**
   * Trials on {@code base} as the studio learns and draws, with faces held by {@code guidance}
   * unless that is null.
   */
  static IdentityTrial on(
      BaseModel base,
      FaceGuidance guidance,
      FaceDetector detector,
      FaceDetector judge,
      FaceEmbedder embedder) {
    return new IdentityTrial(
        guidance == null ? HeadshotStudio.on(base) : HeadshotStudio.on(base).faceGuidance(guidance),
        Optional.ofNullable(guidance),
        detector,
        judge,
        embedder);
  }

  Result of(Person person, int each, Optional<Function<Person, IpAdapterPerson>> showing) {
    Gallery gallery = gallery(person);
    long start = System.nanoTime();
    try (LoraPerson learnt = learnt(person)) {
      double seconds = (System.nanoTime() - start) / 1e9;
      return new Result(
          seconds,
          gallery.spread(),
          shoot(gallery, learnt, 1, each),
          shoot(gallery, learnt, 0, each),
          showing.map(shows -> shoot(gallery, shows.apply(person), 1, each)));
    }
  }

  /** Somebody learnt from ten selfies. */
  LoraPerson learnt(Person person) {
    return studio.train(PhotoReview.of(PhotoSet.of(selfies(person))), Consent.synthetic());
  }

  /** Somebody as an adapter is shown them by the same selfies. */
  IpAdapterPerson shown(Person person, PersonAdapter adapter, IdentityStrength dial) {
    return studio
        .trainer()
        .ipAdapterPerson(
            TrainingRequest.of(PhotoReview.of(PhotoSet.of(selfies(person))), Consent.synthetic()),
            adapter,
            Run.silent())
        .withStrength(dial);
  }

  /** Somebody as an adapter is shown them by that many selfies. */
  IpAdapterPerson shown(
      Person person, PersonAdapter adapter, IdentityStrength dial, int references) {
    Random random = new Random(person.seed());
    List<Reference> seen = new ArrayList<>();
    List<float[]> faces = new ArrayList<>();
    while (seen.size() < references) {
      RgbImage selfie = Renderer.render(person, Shot.selfie(random), 256).image();
      detector.detect(selfie).stream().limit(1).forEach(face -> {
        seen.add(adapter.reference(selfie, face));
        guidance.ifPresent(by -> faces.add(by.embedder().embed(selfie, face)));
      });
    }
    String word = person.sex() == Sex.WOMAN ? "woman" : "man";
    IpAdapterPerson shown = new IpAdapterPerson(
        adapter.adapter().prompt(seen).withPhrase(word),
        Optional.empty(),
        Optional.of(Consent.synthetic()),
        adapter.name(),
        dial,
        "",
        PersonRecord.EMPTY);
    return guidance
        .map(by -> shown.withFaceGuidance(new FaceEmbeddings(by.embedder().name(), faces)))
        .orElse(shown);
  }

  Gallery gallery(Person person) {
    return new Gallery(person, GALLERY, HELD_OUT, judge, embedder);
  }

  Outcome shoot(Gallery gallery, Identity person, double likeness, int each) {
    List<Headshot> headshots = studio
        .shoot(
            person,
            ShootRequest.of(STYLES.stream().map(Style::named).toList(), each)
                .identityStrength(likeness)
                .seed(gallery.person().seed()))
        .headshots();
    List<float[]> faces = headshots.stream()
        .map(h -> gallery.vector(h.image()))
        .flatMap(Optional::stream)
        .toList();
    return new Outcome(
        headshots,
        faces.size(),
        faces.stream().filter(gallery::recognises).count(),
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
      RgbImage image =
          Renderer.render(person, setting.apply(Shot.selfie(random)), 512).image();
      photos.add(Photo.of("selfie-" + i + ".png", image.toPng()));
    }
    return photos;
  }
}
