package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.console.OptionName;
import dev.likeness.cli.paths.CommandPaths;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.hub.LocalHub;
import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.AnnotatedElement;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** Each option that takes a model takes the names that {@code --base} takes. */
class NamedModelsTest {
  private static final String LORA = "latent-consistency/lcm-lora-sdv1-5";

  @TempDir
  private Path folder;

  private final LocalHub server = new LocalHub();

  @BeforeEach
  void setVariables() {
    set("HF_ENDPOINT", server.address().toString());
    set("HF_HUB_CACHE", folder.resolve("cache").toString());
    set("HF_HOME", folder.resolve("home").toString());
    set("XDG_CONFIG_HOME", folder.resolve("config").toString());
    set("HF_HUB_OFFLINE", "0");
    set("TRANSFORMERS_OFFLINE", "0");
    set("HF_TOKEN", "");
  }

  @AfterEach
  void clear() {
    System.getProperties().stringPropertyNames().stream()
        .filter(name -> name.startsWith("likeness.env."))
        .forEach(System::clearProperty);
    server.close();
  }

  private static void set(String name, String value) {
    System.setProperty("likeness.env." + name, value);
  }

  private CommandResult generate(String... more) {
    List<String> words = new ArrayList<>(List.of(
        "generate", "--prompt", "a woman", "--out", folder.resolve("out").toString()));
    words.addAll(List.of(more));
    return CommandResult.of(words.toArray(String[]::new));
  }

  @ParameterizedTest
  @CsvSource({
    "--lora, lcm-lora-sd15, lcm-lora-sd15",
    "--lora, lcm-lora-sd15@0.5, lcm-lora-sd15",
    "--preview, taesd, taesd",
    "--controlnet, lllyasviel/control_v11p_sd15_canny, controlnet-canny-sd15",
    "--vae, ada/vae, ada/vae",
    "--part, vae=ada/vae, ada/vae",
    "--face-detector, YuNet, yunet",
    "--refiner, sdxl-refiner, sdxl-refiner"
  })
  void aModelThatIsNotHereIsToldWithTheCommandThatGetsIt(
      String option, String value, String command) {
    CommandResult run = generate(option, value);
    assertEquals(3, run.status(), run.err());
    String name = value.replaceFirst("@.*", "").replaceFirst(".*=", "");
    assertEquals(
        "likeness: " + name + " is not on this machine; get it once with: ./likeness models get "
            + command,
        run.err().strip());
    assertEquals(List.of(), server.requests());
    assertFalse(Files.exists(folder.resolve("out")));
  }

  @Test
  void aModelThatIsHereIsUsed() throws IOException {
    server.repository(LORA).large("pytorch_lora_weights.safetensors", new byte[100]);
    CommandResult got = CommandResult.of("models", "get", "lcm-lora-sd15");
    assertEquals(0, got.status(), got.err());
    CommandResult run = generate("--lora", "lcm-lora-sd15@0.5");
    assertEquals(3, run.status());
    // The file is no LoRA; its path shows that it was opened.
    assertTrue(run.err().contains(got.out().strip()), run.err());
    Path detectors = Files.createDirectories(folder.resolve("ComfyUI/models/ultralytics"));
    Path file = Files.writeString(detectors.resolve("yunet.onnx"), "no network");
    assertEquals(0, CommandResult.of("models", "add", folder + "/ComfyUI").status());
    CommandResult photos = CommandResult.of(
        "photos",
        Outside.ROOT.resolve("examples/photos/person-5000000002").toString(),
        "--detector",
        "yunet.onnx");
    assertTrue(photos.err().contains(file.toString()), photos.err());
  }

  @Test
  void aModelOfAnotherRoleIsRefused() {
    CommandResult run = CommandResult.of("photos", folder.toString(), "--detector", "auraface");
    assertEquals(2, run.status());
    assertEquals(
        "likeness: --detector auraface is a face-embedder of the catalogue; give a file, or one of"
            + " yunet",
        run.err().strip());
    CommandResult none = generate("--vae", "sdxl");
    assertEquals(2, none.status());
    assertEquals(
        "likeness: --vae sdxl is a base of the catalogue; the catalogue has no model for this"
            + " option: give a file",
        none.err().strip());
  }

  @Test
  void theNameOfAFileIsAPath() {
    CommandResult run =
        CommandResult.of("photos", folder.toString(), "--detector", "models/yunet.onnx");
    assertEquals(3, run.status());
    assertFalse(run.err().contains("models get"), run.err());
    CommandResult base = generate("--base", "models/mine.safetensors");
    assertEquals(3, base.status());
    assertFalse(base.err().contains("models get"), base.err());
  }

  @Test
  void inspectTakesTheNameToo() {
    CommandResult absent = CommandResult.of("inspect", "lcm-lora-sd15");
    assertEquals(3, absent.status());
    assertTrue(absent.err().contains("likeness models get lcm-lora-sd15"), absent.err());
    server.repository(LORA).large("pytorch_lora_weights.safetensors", new byte[100]);
    CommandResult got = CommandResult.of("models", "get", "lcm-lora-sd15");
    CommandResult here = CommandResult.of("inspect", "lcm-lora-sd15");
    assertTrue(here.err().contains(got.out().strip()), here.err());
  }

  @Test
  void everyOptionThatTakesAModelTakesNames() {
    Set<String> without = new TreeSet<>();
    collect(CommandSyntax.commandLine(), without);
    assertEquals(
        Set.of(
            // The base itself keeps its name.
            "--base",
            // Files that belong to a person, a base or a request, and no published models.
            "--brisque",
            "--calibration",
            "--change-map",
            "--control-image",
            "--control-mask",
            "--embedding",
            "--extract",
            "--face-guidance",
            "--image",
            "--init",
            "--mask",
            "--passphrase-file",
            "--password-file",
            "--person",
            "--proxy-secret-file",
            "--reference",
            "--reference-area",
            "--sign-certificate",
            "--sign-key",
            "--styles",
            "--trust",
            "--who",
            "--with"),
        without);
  }

  private static void collect(CommandLine line, Set<String> without) {
    for (OptionSpec option : line.getCommandSpec().options()) {
      boolean reads =
          CommandPaths.use(option).filter(use -> use.value() == Use.READ).isPresent();
      if (reads && !takesNames(option)) {
        without.add(OptionName.of(option));
      }
    }
    line.getSubcommands().values().forEach(each -> collect(each, without));
  }

  private static boolean takesNames(OptionSpec option) {
    return Arrays.stream(((AnnotatedElement) option.userObject()).getAnnotations())
        .map(Annotation::annotationType)
        .anyMatch(type -> type.getSimpleName().equals("ModelFile"));
  }
}
