package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.internal.embed.TorchEmbedder;
import dev.likeness.photos.likeness.ConfidenceInterval;
import dev.likeness.portrait.attributes.AttributeReader;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.training.Named;
import dev.likeness.portrait.training.Usage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Draws people whom nothing has seen as a buyer would, keeps a few of the images, and says whether
 * choosing pays: likeness of what was kept against what was drawn, faces, diversity, what was asked
 * read back, what comes back unasked where all selfies show one shirt, light and backdrop, and
 * whether edits of what was kept show what they ask for. Of all that was drawn it says, by style,
 * how often the model's own judge recognises the person among 200 of the same sex, age band and
 * hair, and, as the control, how often in the base's own images of the same prompts. People are
 * kept once learnt, their images once drawn, their figures once measured, so that it goes on where
 * it was stopped; with its file of figures moved away, what is kept is chosen from and judged anew.
 *
 * <p>Arguments: {@code MODEL-FOLDER OUT-FOLDER PEOPLE [NAME=VALUE]...}: {@code first=0} of the
 * people, {@code drawn=40 kept=10 alone=20 trainSteps=0 steps=20}, {@code leads=FILE} for a YuNet
 * that finds faces in selfies and while people are drawn and chosen from, as {@code headshot
 * --detector FILE} has it, in place of OpenCV's cascades, {@code parts=REGEX} of what is measured
 * ({@code person SEED}, {@code one setting SEED}, {@code edits of SEED}, {@code among 200, SEED};
 * all), and the outside judges {@code detector=FILE embedder=FILE attributes=FILE}; what has no
 * judge is left out and says so.
 */
public final class EvaluateHeadshots {
  /** The file of figures in the folder. */
  public static final String RESULTS = "headshots.json";

  private static final long FIRST = 9_200_000_000L;
  // What is measured of each person, before their seed.
  private static final String CHOSEN = "person ";
  private static final String LEAKS = "one setting ";
  private static final String EDITED = "edits of ";
  private static final String RECOGNISED = "among 200, ";

  private EvaluateHeadshots() {}

  public static void main(String[] args) {
    Usage.require(args, 3, "EvaluateHeadshots MODEL-FOLDER OUT-FOLDER PEOPLE [NAME=VALUE]...");
    Path model = Path.of(args[0]);
    Path out = Path.of(args[1]);
    int people = Integer.parseInt(args[2]);
    Named named = EvaluationTools.named(args, 3, HeadshotPlan.NAMES);
    long first = FIRST + named.number("first", 0);
    HeadshotPlan plan = HeadshotPlan.of(named);
    List<Person> everybody =
        LongStream.range(first, first + people).mapToObj(Person::random).toList();
    Pattern asked = asked(named.text("parts", ".*"), everybody);
    try (BaseModel base = BaseModel.open(model, Compute.best());
        EvaluationTools outside = EvaluationTools.of(named);
        ReviewTools tools = tools(named);
        TorchEmbedder own = TorchEmbedder.findIn(model).orElseThrow();
        CascadeDetector cascades = new CascadeDetector();
        FaceGuidance guidance =
            FaceGuidance.findIn(model, base, tools.detector()).orElse(null)) {
      Ledger ledger = Ledger.open(out.resolve(RESULTS));
      Map<String, Object> by = new TreeMap<>(Map.of(
          "model",
          MeasuredModel.told(model),
          "numbers",
          plan.toString(),
          "held by",
          guidance == null ? "nothing" : guidance.embedder().name()));
      named
          .file("leads")
          .ifPresent(file -> by.put("faces found by", file.getFileName().toString()));
      ledger.begin("of", outside.judging(by));
      HeadshotTrial trial = new HeadshotTrial(
          base,
          plan,
          tools,
          guidance,
          own,
          cascades,
          outside,
          new KeptDrawings(out, by.toString()));
      // What says whether choosing pays comes first for all of them, what takes a gallery of 200
      // last.
      each(
          everybody,
          CHOSEN,
          asked,
          (name, person) -> ledger.part(name, () -> trial.chosen(person)));
      each(
          everybody,
          LEAKS,
          asked,
          (name, person) -> read(outside, ledger, name, reader -> trial.leaks(person, reader)));
      each(
          everybody,
          EDITED,
          asked,
          (name, person) -> read(outside, ledger, name, reader -> trial.edited(person, reader)));
      each(
          everybody,
          RECOGNISED,
          asked,
          (name, person) -> ledger.part(name, () -> trial.recognised(person)));
      System.out.print(EvaluationTable.of(ledger.parts()));
      System.out.print(EvaluationTable.of(Map.of("over everybody", summary(ledger.parts()))));
    }
  }

  /** The parts that are asked for, some of them there. */
  static Pattern asked(String parts, List<Person> everybody) {
    Pattern asked = compiled(parts);
    if (everybody.isEmpty()) {
      throw new InvalidInputException("there is nobody to draw; give 1 or more PEOPLE");
    }
    List<String> all = Stream.of(CHOSEN, LEAKS, EDITED, RECOGNISED)
        .flatMap(part -> everybody.stream().map(person -> part + person.seed()))
        .toList();
    if (all.stream().noneMatch(part -> asked.matcher(part).matches())) {
      throw new InvalidInputException(
          "parts=" + parts + " asks for none of what is measured; of " + all.get(0) + " to "
              + all.get(all.size() - 1) + " give a regular expression that matches a whole name");
    }
    return asked;
  }

  private static Pattern compiled(String parts) {
    try {
      return Pattern.compile(parts);
    } catch (PatternSyntaxException e) {
      throw new InvalidInputException(
          "parts=" + parts + " is no regular expression: " + e.getDescription()
              + "; give one such as \"person.*\"",
          e);
    }
  }

  /** Measures the part of each person that begins so, where it is asked for. */
  private static void each(
      List<Person> everybody, String part, Pattern asked, BiConsumer<String, Person> measure) {
    everybody.stream()
        .filter(person -> asked.matcher(part + person.seed()).matches())
        .forEach(person -> measure.accept(part + person.seed(), person));
  }

  private static void read(
      EvaluationTools outside,
      Ledger ledger,
      String name,
      Function<AttributeReader, Map<String, Object>> figures) {
    outside
        .reader()
        .ifPresentOrElse(
            reader -> ledger.part(name, () -> figures.apply(reader)),
            () -> ledger.skip(name, "no weights of the attribute classifier were given"));
  }

  private static ReviewTools tools(Named named) {
    ReviewTools builtIn = ReviewTools.builtIn();
    return named.file("leads").map(builtIn::withDetector).orElse(builtIn);
  }

  /** Means over people, and the interval of what choosing gains in likeness. */
  static Map<String, Object> summary(Map<String, Object> parts) {
    Map<String, List<Double>> columns = new LinkedHashMap<>();
    parts.values().stream()
        .filter(part -> part instanceof Map<?, ?>)
        .forEach(part -> ((Map<?, ?>) part).forEach((name, value) -> {
          if (value instanceof Number number && !Double.isNaN(number.doubleValue())) {
            columns
                .computeIfAbsent((String) name, key -> new ArrayList<>())
                .add(number.doubleValue());
          }
        }));
    Map<String, Object> means = new LinkedHashMap<>();
    columns.forEach((name, values) -> means.put(
        name, values.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN)));
    List<Double> gains = columns.getOrDefault(HeadshotTrial.GAIN, List.of());
    if (gains.size() > 1) {
      ConfidenceInterval interval = ConfidenceInterval.ofMean(
          gains.stream().map(gain -> new double[] {gain}).toArray(double[][]::new));
      means.put(
          "gain, 95 % interval",
          String.format(Locale.ROOT, "%.3f to %.3f", interval.low(), interval.high()));
    }
    return means;
  }
}
