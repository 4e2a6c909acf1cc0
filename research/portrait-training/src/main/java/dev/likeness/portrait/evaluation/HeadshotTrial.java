package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.Selection;
import dev.likeness.headshots.person.FaceEmbeddings;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.score.HeadshotScores;
import dev.likeness.headshots.score.ScoreLimits;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.SelectionResult;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.Photo;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.portrait.attributes.AttributeReader;
import dev.likeness.portrait.attributes.ReadBackTally;
import dev.likeness.portrait.people.Attribute;
import dev.likeness.portrait.people.Backdrop;
import dev.likeness.portrait.people.Light;
import dev.likeness.portrait.people.Outfit;
import dev.likeness.portrait.people.Pattern;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Tint;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * One person, drawn as a buyer would, judged by what took no part in drawing or choosing.
 *
 * @param tools review the photos, and find the faces that are drawn and chosen from
 * @param guidance what drawn faces are held by, or null
 * @param cascades find the faces that are recognised, and judged where there is no detector outside
 * @param drawings where what is drawn is kept
 */
record HeadshotTrial(
    BaseModel base,
    HeadshotPlan plan,
    ReviewTools tools,
    FaceGuidance guidance,
    FaceEmbedder own,
    FaceDetector cascades,
    EvaluationTools outside,
    KeptDrawings drawings) {
  /** What choosing adds to likeness. */
  static final String GAIN = "likeness, kept less drawn";

  private static final List<String> STYLES =
      List.of("studio", "office", "outdoor", "corporate", "colour");
  private static final int HELD_OUT = 4;
  private static final int GALLERY = 200;
  private static final long NOISE = 500;
  // One shirt, light and wall in every selfie; words that headshots rarely ask for.
  private static final Map<Attribute, String> SETTING = Map.of(
      Attribute.OUTFIT,
      Outfit.HOODIE.words(),
      Attribute.OUTFIT_COLOUR,
      Tint.RED.words(),
      Attribute.LIGHT,
      Light.FLASH.words(),
      Attribute.BACKDROP,
      Backdrop.BRICK.words());

  /** Figures of what was drawn and what was kept of it. */
  Map<String, Object> chosen(Person person) {
    SelectionResult choice = SelectionResult.of(candidates(person), plan.kept());
    drawings.show(name(person), choice.selected().stream().map(Headshot::image).toList());
    drawings.write(name(person), "choice.json", choice.asList());
    List<Headshot> shots = choice.verdicts().stream()
        .map(verdict -> verdict.candidate().headshot())
        .toList();
    return figures(
        person,
        choice,
        () -> choice.selected().stream().map(nobody(shots, person)::get).toList());
  }

  /**
   * How often the person is recognised in what was drawn, and in the base's own images of the same
   * prompts.
   */
  Map<String, Object> recognised(Person person) {
    List<Headshot> shots =
        candidates(person).stream().map(SelectionResult.Candidate::headshot).toList();
    return new Recognition(new Gallery(person, GALLERY, HELD_OUT, cascades, own))
        .of(shots, nobody(shots, person)::get);
  }

  private static String name(Person person) {
    return "person " + person.seed();
  }

  /** What editing the best of what was kept comes to. */
  Map<String, Object> edited(Person person, AttributeReader reader) {
    List<Headshot> best = SelectionResult.of(candidates(person), plan.kept()).selected();
    Optional<Gallery> photos = outside
        .embedder()
        .map(eye -> new Gallery(person, 1, HELD_OUT, outside.detector().orElse(cascades), eye));
    EditTrial trial = new EditTrial(
        studio(),
        tools.detector(),
        reader,
        image -> photos
            .flatMap(gallery -> gallery.vector(image).map(gallery::likeness))
            .orElse(Double.NaN));
    try (LoraPerson learnt = learnt(person, () -> review(person))) {
      return trial.of(learnt, best, drawings, name(person));
    }
  }

  private List<SelectionResult.Candidate> candidates(Person person) {
    return drawings.candidates(name(person) + ", drawn", () -> drawn(person));
  }

  /** The base's own image of each headshot's prompt. */
  private Map<Headshot, RgbImage> nobody(List<Headshot> shots, Person person) {
    List<RgbImage> images = drawings.images(
        name(person) + ", nobody",
        () -> shots.stream()
            .map(shot -> shot.style().convertColours(base.generate(nobody(shot)).image()))
            .toList());
    Map<Headshot, RgbImage> plain = new IdentityHashMap<>();
    IntStream.range(0, images.size()).forEach(i -> plain.put(shots.get(i), images.get(i)));
    return plain;
  }

  private List<SelectionResult.Candidate> drawn(Person person) {
    PhotoReview review = review(person);
    try (LoraPerson learnt = learnt(person, () -> review)) {
      FaceDetector detector = tools.detector();
      HeadshotScores scores = HeadshotScores.of(detector)
          .limits(ScoreLimits.of(base))
          .likeness(FaceEmbeddings.of(review.accepted(), own).likeness(detector, own));
      ShootRequest request = ShootRequest.of(
              STYLES.stream().map(Style::named).toList(), plan.candidates() / STYLES.size())
          .steps(plan.steps())
          .seed(NOISE);
      return Selection.of(studio(), detector, scores).candidates(learnt, request, Run.silent());
    }
  }

  private PhotoReview review(Person person) {
    return PhotoReview.of(
        PhotoSet.of(IdentityTrial.selfies(person, UnaryOperator.identity())), tools);
  }

  private LoraPerson learnt(Person person, Supplier<PhotoReview> review) {
    return new KeptPeople(drawings.folder(), base)
        .of(person, LikenessCase.TEN, () -> studio().train(review.get(), Consent.synthetic()));
  }

  /**
   * {@code plain} draws the base's own images of the prompts of those that were kept, which only
   * the reader's diversity asks for.
   */
  private Map<String, Object> figures(
      Person person, SelectionResult choice, Supplier<List<RgbImage>> plain) {
    List<RgbImage> kept = choice.selected().stream().map(Headshot::image).toList();
    List<RgbImage> drawn = choice.verdicts().stream()
        .map(verdict -> verdict.candidate().headshot().image())
        .toList();
    Map<String, Object> row = new LinkedHashMap<>();
    FaceDetector judge = outside.detector().orElse(cascades);
    outside.embedder().ifPresent(eye -> {
      Gallery photos = new Gallery(person, 1, HELD_OUT, judge, eye);
      row.put("likeness, own photos", photos.spread());
      row.put("likeness, drawn", likeness(photos, drawn));
      row.put("likeness, kept", likeness(photos, kept));
      row.put(GAIN, likeness(photos, kept) - likeness(photos, drawn));
    });
    row.put(
        "kept without a face",
        kept.stream().filter(image -> judge.detect(image).size() != 1).count());
    outside.reader().ifPresent(reader -> {
      row.put(
          "diversity, kept over the base's",
          Diversity.spread(kept, reader) / Diversity.spread(plain.get(), reader));
      ReadBackTally tally = IdentityFigures.readBack(choice.selected(), reader);
      row.put("read back", tally.share(IdentityFigures.SCENE));
      IdentityFigures.SCENE.stream()
          .filter(attribute -> tally.asked(attribute) > 0)
          .forEach(attribute -> row.put(
              "read back, " + attribute.name().toLowerCase(Locale.ROOT).replace('_', ' '),
              tally.share(attribute)));
    });
    return row;
  }

  /** How often what all selfies share comes back unasked, with and without the person. */
  Map<String, Object> leaks(Person person, AttributeReader reader) {
    List<Photo> selfies = IdentityTrial.selfies(
        person,
        shot -> shot.withOutfit(Outfit.HOODIE, Tint.RED, Pattern.PLAIN)
            .withLight(Light.FLASH, Tint.WHITE)
            .withBackdrop(Backdrop.BRICK, Tint.BROWN));
    List<RgbImage> images = drawings.images("one setting " + person.seed(), () -> alone(selfies));
    List<RgbImage> with = images.subList(0, plan.alone());
    List<RgbImage> without = images.subList(plan.alone(), images.size());
    Map<String, Object> row = new LinkedHashMap<>();
    SETTING.forEach((attribute, word) -> row.put(
        word + " unasked, with less without",
        share(with, attribute, word, reader) - share(without, attribute, word, reader)));
    return row;
  }

  /**
   * Images that ask for nothing of the person learnt from {@code selfies}, and then as many of
   * nobody.
   */
  private List<RgbImage> alone(List<Photo> selfies) {
    HeadshotStudio studio = studio();
    try (LoraPerson learnt =
        studio.train(PhotoReview.of(PhotoSet.of(selfies), tools), Consent.synthetic())) {
      Adapter held = studio.withFaceGuidance(learnt).at(1);
      List<ImageRequest> asks = IntStream.range(0, plan.alone())
          .mapToObj(i -> ImageRequest.of("studio portrait of " + learnt.phrase())
              .steps(plan.steps())
              .guidance(ShootRequest.guidance(base))
              .seed(NOISE + i))
          .toList();
      PersonRecord.SharedLight light = PersonRecord.SharedLight.of(learnt);
      return Stream.concat(
              asks.stream()
                  .map(request -> request
                      .negative(light.negativePrompt("", request.prompt()))
                      .adapter(held)),
              asks.stream())
          .map(request -> base.generate(request).image())
          .toList();
    }
  }

  private static double share(
      List<RgbImage> images, Attribute attribute, String word, AttributeReader reader) {
    return images.stream()
            .filter(image -> word.equals(reader.of(image).get(attribute)))
            .count()
        / (double) images.size();
  }

  private static double likeness(Gallery photos, List<RgbImage> images) {
    return images.stream()
        .map(photos::vector)
        .flatMap(Optional::stream)
        .mapToDouble(photos::likeness)
        .average()
        .orElse(Double.NaN);
  }

  /** What a headshot's prompt gives of itself: the base's own images of the same words. */
  private ImageRequest nobody(Headshot shot) {
    ImageRequest plain = ImageRequest.of(shot.request().prompt());
    return shot.request()
        .prompts()
        .negative()
        .map(plain::negative)
        .orElse(plain)
        .steps(plan.steps())
        .guidance(shot.request().guidance().getAsDouble())
        .seed(shot.seed())
        .size(shot.image().width(), shot.image().height());
  }

  private HeadshotStudio studio() {
    HeadshotStudio plain = HeadshotStudio.on(base);
    HeadshotStudio usual = guidance == null ? plain : plain.faceGuidance(guidance);
    return plan.trainSteps() == 0
        ? usual
        : usual.training(settings -> settings.steps(plan.trainSteps()));
  }
}
