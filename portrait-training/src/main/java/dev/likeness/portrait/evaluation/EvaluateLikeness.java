package dev.likeness.portrait.evaluation;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.MachineLimit;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.io.AtomicFile;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.photos.embed.FolderEmbedder;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.portrait.attributes.AttributeReader;
import dev.likeness.portrait.people.Person;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;

/**
 * How well rendered people whom nothing has seen are learnt, from few selfies and many, varied and alike, as a LoRA, with
 * others preserved, and as a whole model: recognised among 200 of the same sex, age band and hair, likeness beside that of
 * their own photos to each other, diversity beside the base's, distance to the nearest selfie, what is read back of what was
 * asked, and what becomes of other people. Prints a table in Markdown. Each person in each case is kept in the work folder,
 * and not measured again.
 *
 * <p>Arguments: {@code MODEL-FOLDER WORK-FOLDER [PEOPLE [STEPS [PICTURES-IN-EACH-STYLE [READER-WEIGHTS]]]]}; 0 steps are the
 * recipe's own.
 */
public final class EvaluateLikeness {
  private static final long FIRST = 9_100_000_000L;
  private static final int HELD_OUT = 4;
  private static final int GALLERY = 200;

  private final LikenessTrial trial;
  private final Path work;
  private final FaceDetector detector;
  private final FolderEmbedder embedder;
  private final Optional<AttributeReader> reader;

  private EvaluateLikeness(LikenessTrial trial, Path work, FaceDetector detector, FolderEmbedder embedder,
      Optional<AttributeReader> reader) {
    this.trial = trial;
    this.work = work;
    this.detector = detector;
    this.embedder = embedder;
    this.reader = reader;
  }

  public static void main(String[] args) {
    Path folder = Path.of(args[0]);
    int people = number(args, 2, 20);
    try (BaseModel base = BaseModel.open(folder, Compute.best());
        FolderEmbedder embedder = FolderEmbedder.in(folder).orElseThrow(); FaceDetector detector = new CascadeDetector()) {
      Optional<AttributeReader> reader =
          args.length > 5 ? Optional.of(AttributeReader.open(Path.of(args[5]))) : Optional.empty();
      LikenessTrial trial = new LikenessTrial(base, folder, number(args, 3, 0), number(args, 4, 2));
      EvaluateLikeness evaluation = new EvaluateLikeness(trial, Path.of(args[1]), detector, embedder, reader);
      for (int i = 0; i < people; i++) {
        evaluation.measure(Person.random(FIRST + i));
        System.out.println(evaluation.table(people));
      }
      reader.ifPresent(AttributeReader::close);
    }
  }

  private static int number(String[] args, int index, int fallback) {
    return args.length > index ? Integer.parseInt(args[index]) : fallback;
  }

  private void measure(Person person) {
    List<LikenessCase> open =
        LikenessCase.ALL.stream().filter(c -> !Files.exists(file(person.seed(), c))).toList();
    if (open.isEmpty()) {
      return;
    }
    LikenessFigures figures =
        new LikenessFigures(new Gallery(person, GALLERY, HELD_OUT, detector, embedder), reader);
    for (LikenessCase asked : open) {
      List<Picture> crops =
          LikenessSelfies.crops(person, asked, trial.base().defaults().width(), detector);
      LikenessTrial.Drawn drawn = trial.of(person, asked, crops, work.resolve(Long.toString(person.seed())));
      keep(person, asked, drawn.pictures());
      keep(file(person.seed(), asked), figures.of(drawn, trial.plain(), crops, control(person)));
    }
  }

  /** The control is the first case, so that its pictures are there. */
  private List<Picture> control(Person person) {
    return IntStream.range(0, trial.prompts(person).size())
        .mapToObj(i -> read(picture(person, LikenessCase.CONTROL, i))).toList();
  }

  private void keep(Person person, LikenessCase asked, List<Picture> pictures) {
    IntStream.range(0, pictures.size()).forEach(i -> pictures.get(i).writePng(picture(person, asked, i)));
  }

  private static void keep(Path file, Map<String, Double> row) {
    AtomicFile.write(file, out -> out.write(JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(row)
        .getBytes(StandardCharsets.UTF_8)));
  }

  private Path file(long person, LikenessCase asked) {
    return work.resolve(Long.toString(person)).resolve(asked.file() + ".json");
  }

  private Path picture(Person person, LikenessCase asked, int index) {
    return work.resolve(Long.toString(person.seed())).resolve(asked.file() + "-" + (index + 1) + ".png");
  }

  private String table(int people) {
    Map<String, List<Map<String, Double>>> cases = new LinkedHashMap<>();
    for (LikenessCase asked : LikenessCase.ALL) {
      List<Map<String, Double>> rows = new ArrayList<>();
      IntStream.range(0, people).mapToObj(i -> file(FIRST + i, asked)).filter(Files::exists)
          .forEach(file -> rows.add(row(file)));
      cases.put(asked.name(), rows);
    }
    return LikenessTable.of(cases);
  }

  private static Map<String, Double> row(Path file) {
    try {
      Map<String, Double> row = new LinkedHashMap<>();
      JSON.std.mapFrom(Files.readString(file)).forEach((name, value) -> row.put(name, ((Number) value).doubleValue()));
      return row;
    } catch (IOException e) {
      throw new MachineLimit("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  private static Picture read(Path file) {
    try {
      return Picture.of(ImageIO.read(file.toFile()));
    } catch (IOException e) {
      throw new MachineLimit("cannot read " + file + ": " + e.getMessage(), e);
    }
  }
}
