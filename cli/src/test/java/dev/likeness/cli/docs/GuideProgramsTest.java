package dev.likeness.cli.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.Outside;
import dev.likeness.cli.Selfies;
import dev.likeness.cli.TinyBase;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The programs of the guide about embedding, run on tiny bases whose images are noise. */
class GuideProgramsTest {
  private static final String PAGE = "docs/guides/embed-in-an-application.md";
  private static final int MOST_LINES = 12;
  private static final String REQUEST =
      "(ImageRequest|ShootRequest)\\.of\\(([^()]|\\([^()]*\\))*\\)";

  @TempDir
  private static Path folder;

  private static List<Path> people;

  @BeforeAll
  static void writeFiles() throws IOException {
    Path base = folder.resolve("base");
    Files.move(TinyBase.in(folder), base);
    RgbImage grey = RgbImage.of(32, 32, new byte[32 * 32 * 3]);
    RgbImage.of(80, 64, new byte[80 * 64 * 3]).writePng(folder.resolve("selfie.png"));
    people = IntStream.range(0, 4)
        .mapToObj(i -> folder.resolve("person-" + i + ".safetensors"))
        .toList();
    try (BaseModel model = BaseModel.open(base);
        LoraPerson person = new LoraTrainer(TrainingSettings.quick().steps(1))
            .train(
                model,
                TrainingSet.of(List.of(grey), PersonToken.of("woman").consent("Ada: yes")))) {
      people.forEach(person::save);
      person.save(folder.resolve("film.safetensors"));
    }
  }

  @Test
  void textToImage() throws Exception {
    run("text to image", "");
    assertEquals(32, RgbImage.read(folder.resolve("portrait.png")).width());
  }

  @Test
  void lora() throws Exception {
    run("LoRA", "");
    assertEquals(32, RgbImage.read(folder.resolve("film.png")).width());
  }

  @Test
  void referenceImage() throws Exception {
    Path parent = Files.createDirectories(folder.resolve("downloads"));
    Files.move(PipelineFolder.any("klein/base", parent), folder.resolve("klein"));
    run("reference image", "");
    assertTrue(Files.exists(folder.resolve("suit.png")));
  }

  @Test
  void trainAndShoot() throws Exception {
    Files.move(Selfies.of("5000000001", 2, folder), folder.resolve("selfies"));
    run(
        "train and shoot",
        ".training(dev.likeness.lora.training.TrainingSettings.quick().steps(2))");
    assertTrue(Files.exists(folder.resolve("ada.safetensors")));
    // An image of noise shows no face, so none is among the best.
    assertFalse(Files.list(folder).anyMatch(file -> file.toString().contains("studio-")));
  }

  @Test
  void manyPeople() throws Exception {
    run("many people", "");
    assertEquals(
        List.of(true, true, true, false, true, true, true, true),
        IntStream.rangeClosed(1, 8)
            .mapToObj(id -> Files.exists(folder.resolve(id + ".png")))
            .toList());
  }

  @Test
  void theGuideHasFiveShortPrograms() throws IOException {
    List<String> programs =
        blocks().filter(block -> block.startsWith("// Program: ")).toList();
    assertEquals(5, programs.size());
    programs.forEach(program ->
        assertTrue(program.lines().count() - 1 <= MOST_LINES, () -> "too long:\n" + program));
  }

  private static Stream<String> blocks() throws IOException {
    String text = Files.readString(Outside.ROOT.resolve(PAGE));
    return new MarkdownPage(PAGE, text).blocks().stream().map(MarkdownPage.Block::text);
  }

  /**
   * Runs a program of the guide, with two steps for each image that does not say how many;
   * {@code settings} shorten the training of its studio.
   */
  private static void run(String name, String settings) throws Exception {
    String program = blocks()
        .filter(block -> block.startsWith("// Program: " + name + "\n"))
        .findFirst()
        .orElseThrow()
        .replace("HeadshotStudio.on(base)", "HeadshotStudio.on(base)" + settings)
        .replaceAll(REQUEST, "$0.steps(2)");
    Path classes = Files.createDirectories(folder.resolve("classes-" + name.replace(' ', '-')));
    Path source = Files.writeString(
        classes.resolve("Fragment.java"), new JavaSnippets(Outside.ROOT).source(program));
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    String[] arguments = {
      "-proc:none",
      "-nowarn",
      "-classpath",
      System.getProperty("java.class.path"),
      "-d",
      classes.toString(),
      source.toString()
    };
    assertEquals(0, compiler.run(null, null, null, arguments));
    try (URLClassLoader loader = new URLClassLoader(new URL[] {classes.toUri().toURL()})) {
      Class<?> fragment = loader.loadClass("Fragment");
      Constructor<?> constructor = fragment.getDeclaredConstructor();
      constructor.setAccessible(true);
      Object object = constructor.newInstance();
      set(object, "folder", folder);
      set(object, "files", people);
      Method run = fragment.getDeclaredMethod("run");
      run.setAccessible(true);
      run.invoke(object);
    }
  }

  private static void set(Object object, String field, Object value) throws Exception {
    Field found = object.getClass().getDeclaredField(field);
    found.setAccessible(true);
    found.set(object, value);
  }
}
