package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.YuNetDetector;
import dev.likeness.photos.internal.embed.TorchEmbedder;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.training.Named;
import dev.likeness.portrait.training.Usage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * How well rendered people whom nothing has seen are learnt, from few selfies and many, varied and
 * alike, as a LoRA, with others preserved, and as a whole model: recognised among 200 of the same
 * sex, age band and hair, beside how often unseen selfies of theirs are, likeness beside that of
 * their own photos to each other, diversity beside the base's, distance to the nearest selfie
 * beside that of images which cannot be copies, what is read back of what was asked, and what
 * becomes of other people. Prints a table in Markdown. Each person in each case is kept in the work
 * folder once measured, so that it goes on where it was stopped.
 *
 * <p>Arguments: {@code MODEL-FOLDER WORK-FOLDER PEOPLE [NAME=VALUE]...}: {@code first=0} of the
 * people, {@code trainSteps=0 each=2 steps=20 gallery=200 guided=1 cases=REGEX}, 0 steps being the
 * recipe's own, {@code guided=0} for LoRAs beside which nothing holds the faces, {@code leads=FILE}
 * for a YuNet that finds them while they are held, as {@code headshot --detector FILE} has it, in
 * place of OpenCV's cascades, and the judges {@code detector=FILE embedder=FILE attributes=FILE};
 * without the first two, OpenCV's cascades and the model's own embedder.
 */
public final class EvaluateLikeness {
  /** The file of figures in the folder. */
  public static final String RESULTS = "likeness.json";

  private static final int HELD_OUT = 4;

  private final LikenessTrial trial;
  private final EvaluationTools tools;
  private final Path work;
  private final Ledger ledger;

  /** {@code leads} is what finds faces while they are held. */
  EvaluateLikeness(LikenessTrial trial, EvaluationTools tools, Path work, String leads) {
    this.trial = trial;
    this.tools = tools;
    this.work = work;
    ledger = Ledger.open(work.resolve(RESULTS));
    ledger.begin(
        "of",
        tools.judging(Map.of(
            "model",
            MeasuredModel.told(trial.folder()),
            "numbers",
            trial.plan().toString(),
            "held by",
            trial
                .guidance()
                .map(by -> by.embedder().name() + ", where " + leads + " finds them")
                .orElse("nothing"))));
  }

  public static void main(String[] args) {
    Usage.require(args, 3, "EvaluateLikeness MODEL-FOLDER WORK-FOLDER PEOPLE [NAME=VALUE]...");
    Path folder = Path.of(args[0]);
    Named named = EvaluationTools.named(args, 3, LikenessPlan.NAMES);
    List<LikenessCase> cases = LikenessPlan.cases(named);
    LikenessPlan plan = LikenessPlan.of(named);
    try (BaseModel base = BaseModel.open(folder, Compute.best());
        EvaluationTools given = EvaluationTools.of(named);
        TorchEmbedder own = TorchEmbedder.findIn(folder).orElseThrow();
        FaceDetector cascades = new CascadeDetector();
        FaceDetector leads = named
            .file("leads")
            .<FaceDetector>map(YuNetDetector::open)
            .orElseGet(CascadeDetector::new);
        FaceGuidance guidance =
            plan.guided() ? FaceGuidance.findIn(folder, base, leads).orElse(null) : null) {
      EvaluationTools tools = new EvaluationTools(
          given.reader(),
          Optional.of(given.detector().orElse(cascades)),
          Optional.of(given.embedder().orElse(own)));
      EvaluateLikeness evaluation = new EvaluateLikeness(
          new LikenessTrial(base, folder, plan, Optional.ofNullable(guidance)),
          tools,
          Path.of(args[1]),
          leads.name());
      for (int i = 0; i < Integer.parseInt(args[2]); i++) {
        evaluation.measure(
            Person.random(IdentityTrial.FIRST + named.number("first", 0) + i), cases);
        System.out.println(evaluation.table(cases));
      }
    }
  }

  /** Measures what is not known yet of a person; the control is the first case. */
  void measure(Person person, List<LikenessCase> cases) {
    if (cases.stream().allMatch(asked -> ledger.parts().containsKey(part(person, asked)))) {
      return;
    }
    LikenessSelfies selfies = new LikenessSelfies(person, tools.detector().orElseThrow());
    Gallery gallery = new Gallery(
        person,
        trial.plan().gallery(),
        HELD_OUT,
        tools.detector().orElseThrow(),
        tools.embedder().orElseThrow());
    List<RgbImage> unseen = trial.crops(selfies.unseen(HELD_OUT));
    for (LikenessCase asked : cases) {
      ledger.part(part(person, asked), () -> {
        PhotoReview learnt = selfies.learnt(asked);
        LikenessTrial.Drawn drawn = trial.of(person, asked, learnt, work);
        keep(person, asked, drawn);
        return new LikenessFigures(gallery, tools.reader(), trial.plain(), control(person), unseen)
            .of(drawn, trial.crops(learnt));
      });
    }
  }

  private static String part(Person person, LikenessCase asked) {
    return person.seed() + ", " + asked.name();
  }

  private LikenessTrial.Drawn control(Person person) {
    List<LikenessTrial.Ask> asks = trial.asks(person, LikenessCase.CONTROL);
    return new LikenessTrial.Drawn(
        0,
        asks,
        read(person, "control", asks.size()),
        read(person, "control-other", LikenessTrial.OTHERS));
  }

  private void keep(Person person, LikenessCase asked, LikenessTrial.Drawn drawn) {
    keep(person, asked.file(), drawn.images());
    keep(person, asked.file() + "-other", drawn.others());
  }

  private void keep(Person person, String name, List<RgbImage> images) {
    IntStream.range(0, images.size()).forEach(i -> images.get(i).writePng(file(person, name, i)));
  }

  private List<RgbImage> read(Person person, String name, int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> RgbImage.read(file(person, name, i)))
        .toList();
  }

  private Path file(Person person, String name, int index) {
    return KeptPeople.folder(work, person).resolve(name + "-" + (index + 1) + ".png");
  }

  /** What is known of everybody so far. */
  String table(List<LikenessCase> cases) {
    Map<String, List<Map<String, Double>>> known = new LinkedHashMap<>();
    for (LikenessCase asked : cases) {
      List<Map<String, Double>> rows = new ArrayList<>();
      ledger.parts().forEach((name, row) -> {
        if (name.endsWith(", " + asked.name()) && row instanceof Map<?, ?> figures) {
          Map<String, Double> numbers = new LinkedHashMap<>();
          figures.forEach(
              (column, value) -> numbers.put((String) column, ((Number) value).doubleValue()));
          rows.add(numbers);
        }
      });
      known.put(asked.name(), rows);
    }
    return LikenessTable.of(known);
  }
}
