package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.person.FaceEmbeddings;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.lora.DreamBooth;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.TrainedModel;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.photos.PhotoReview;
import dev.likeness.portrait.people.Attribute;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Words;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Learns one person in one way and draws them. Prompts name the class word, with the rare word
 * before it where the person was given one, the style and what it asks for, and nothing of how the
 * person looks.
 *
 * @param folder of the base model
 * @param guidance what holds the faces of people who are learnt as LoRAs, if anything does
 */
record LikenessTrial(
    BaseModel base, Path folder, LikenessPlan plan, Optional<FaceGuidance> guidance) {
  /** How many other people are drawn. */
  static final int OTHERS = 5;

  // All cases are trained with the steps of ten photos, so that they can be compared.
  private static final int TEN_PHOTOS = 10;
  private static final List<String> STYLES =
      List.of("studio", "office", "outdoor", "black-and-white", "corporate");
  private static final List<String> HAIR = List.of(
      "short red hair",
      "long blond hair",
      "a black afro",
      "brown hair in a bun",
      "long curly gray hair");
  private static final long STRANGERS = 8_700_000_000L;
  private static final long NOISE = 100;
  private static final String NAMED = "selfie of a %s";
  private static final double MOST_ENLARGEMENT = 4;

  /**
   * What was drawn.
   *
   * @param seconds that learning took
   * @param asks for {@code images}, which show the person
   * @param others images of other people, by their descriptions, with the person's LoRA carried
   */
  record Drawn(double seconds, List<Ask> asks, List<RgbImage> images, List<RgbImage> others) {}

  /** An image that is asked for. */
  record Ask(Style style, String prompt) {
    private static Ask of(String style, String who, int index) {
      Style named = Style.named(style);
      return new Ask(named, named.prompt(who, index));
    }

    /** What it says that an image can show. */
    Map<Attribute, Set<String>> words() {
      return IdentityFigures.asked(style, prompt);
    }
  }

  /**
   * The person's images, the same in every case but for the name: in each style, then with other
   * hair.
   */
  List<Ask> asks(Person person, LikenessCase asked) {
    String who = "a " + subject(person, asked).phrase();
    List<Ask> asks = new ArrayList<>();
    for (String style : STYLES) {
      for (int i = 0; i < plan.each(); i++) {
        asks.add(Ask.of(style, who, i));
      }
    }
    for (int i = 0; i < STYLES.size(); i++) {
      asks.add(Ask.of(STYLES.get(i), who + " with " + HAIR.get(i), i));
    }
    return asks;
  }

  /** How many of the prompts leave the person's hair as it is. */
  int plain() {
    return STYLES.size() * plan.each();
  }

  private static PersonToken subject(Person person, LikenessCase asked) {
    PersonToken rare = PersonToken.of(Words.of(person.sex())).consent(Consent.synthetic());
    return asked.named() ? rare : rare.token("");
  }

  /**
   * Learns and draws; {@code work} is where people are kept, and free for files of the trial's own.
   */
  Drawn of(Person person, LikenessCase asked, PhotoReview selfies, Path work) {
    return switch (asked.way()) {
      case NOT_AT_ALL -> drawn(person, asked, 0, base, request -> request, request -> request);
      case LORA -> {
        try (LoraPerson learnt =
            new KeptPeople(work, base).of(person, asked, () -> learnt(person, asked, selfies))) {
          Adapter held = studio().withFaceGuidance(learnt).at(1);
          yield drawn(
              person,
              asked,
              KeptPeople.seconds(learnt),
              base,
              request -> request.adapter(held),
              request -> request.adapter(learnt.at(1)));
        }
      }
      case DREAMBOOTH -> {
        long start = System.nanoTime();
        Path own = KeptPeople.folder(work, person).resolve(asked.file());
        try (TrainedModel learnt = new DreamBooth(settings(asked).captions(NAMED))
            .train(base, TrainingSet.of(crops(selfies), subject(person, asked)), Run.silent())) {
          learnt.save(folder, own, DType.F32);
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        try (BaseModel whole = BaseModel.open(own, base.compute())) {
          yield drawn(person, asked, seconds, whole, request -> request, request -> request);
        } finally {
          delete(own);
        }
      }
    };
  }

  /** As the studio learns people; by a rare word, which it gives nobody, from the crops alone. */
  private LoraPerson learnt(Person person, LikenessCase asked, PhotoReview selfies) {
    PersonToken subject = subject(person, asked);
    if (!asked.named()) {
      return studio().training(settings(asked)).train(selfies, Consent.synthetic());
    }
    LoraPerson learnt = new LoraTrainer(settings(asked).captions(NAMED))
        .train(base, TrainingSet.of(crops(selfies), subject), Run.silent());
    return guidance
        .map(by -> PersonRecord.of(learnt)
            .withGuidanceFaces(FaceEmbeddings.of(selfies.accepted(), by.embedder()))
            .addTo(learnt))
        .orElse(learnt);
  }

  private HeadshotStudio studio() {
    HeadshotStudio plain = HeadshotStudio.on(base);
    return guidance.map(plain::faceGuidance).orElse(plain);
  }

  /** The accepted photos as the base looks at images. */
  List<RgbImage> crops(PhotoReview selfies) {
    return selfies.accepted().stream()
        .map(photo -> photo.crop(base.defaults().width(), MOST_ENLARGEMENT))
        .toList();
  }

  private TrainingSettings settings(LikenessCase asked) {
    TrainingSettings recipe = HeadshotStudio.on(base)
        .trainer()
        .settings(TEN_PHOTOS)
        .priorPreservation(asked.classImages(), 1);
    TrainingSettings timed = plan.trainSteps() == 0 ? recipe : recipe.steps(plan.trainSteps());
    return asked.rate() == 0 ? timed : timed.learningRate(asked.rate());
  }

  /** As large as the base, and nothing asks for it again. */
  private static void delete(Path folder) {
    try (Stream<Path> inside = Files.walk(folder)) {
      for (Path path : inside.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      throw new ResourceLimitException("cannot delete " + folder + ": " + e.getMessage(), e);
    }
  }

  private Drawn drawn(
      Person person,
      LikenessCase asked,
      double seconds,
      BaseModel model,
      UnaryOperator<ImageRequest> shown,
      UnaryOperator<ImageRequest> carrying) {
    List<Ask> asks = asks(person, asked);
    return new Drawn(
        seconds, asks, draw(model, asks, shown), draw(model, others(person), carrying));
  }

  private List<RgbImage> draw(
      BaseModel model, List<Ask> asks, UnaryOperator<ImageRequest> carrying) {
    List<RgbImage> images = new ArrayList<>();
    for (Ask ask : asks) {
      ImageRequest request = ImageRequest.of(ask.prompt())
          .steps(plan.steps())
          .guidance(ShootRequest.guidance(base))
          .seed(NOISE + images.size());
      images.add(
          ask.style().convertColours(model.generate(carrying.apply(request)).image()));
    }
    return images;
  }

  /** Descriptions of people of the same sex, as captions have them. */
  private static List<Ask> others(Person person) {
    List<Ask> asks = new ArrayList<>();
    for (long number = STRANGERS; asks.size() < OTHERS; number++) {
      Person other = Person.random(number);
      if (other.sex() == person.sex()) {
        asks.add(Ask.of(STYLES.get(asks.size()), Words.of(other), asks.size()));
      }
    }
    return asks;
  }
}
