package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.catalogue.ModelCatalogue;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.TinyControlNets;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.hub.LocalHub;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The two commands of the README: get a base by its name, and make headshots with it. */
class NewUserTest {
  @TempDir
  private Path folder;

  private final LocalHub server = new LocalHub();

  @BeforeEach
  void setVariables() throws IOException {
    System.setProperty("likeness.env.HF_ENDPOINT", server.address().toString());
    System.setProperty("likeness.env.HF_HUB_CACHE", folder.resolve("cache").toString());
    System.setProperty("likeness.env.XDG_CONFIG_HOME", folder.resolve("config").toString());
    System.setProperty("likeness.env.HF_HUB_OFFLINE", "0");
    System.setProperty("likeness.env.TRANSFORMERS_OFFLINE", "0");
    Path base = TinyBase.in(folder.resolve("published"));
    publish(base, "SG161222/Realistic_Vision_V5.1_noVAE");
    publish(base, "stable-diffusion-v1-5/stable-diffusion-v1-5");
  }

  @AfterEach
  void clear() {
    System.getProperties().stringPropertyNames().stream()
        .filter(name -> name.startsWith("likeness.env."))
        .forEach(System::clearProperty);
    server.close();
  }

  private void publish(Path files, String name) throws IOException {
    LocalHub.Repository repository = server.repository(name);
    try (Stream<Path> all = Files.walk(files)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        String path = files.relativize(file).toString();
        byte[] bytes = Files.readAllBytes(file);
        if (path.endsWith(".safetensors")) {
          repository.large(path, bytes);
        } else {
          repository.small(path, new String(bytes, StandardCharsets.UTF_8));
        }
      }
    }
  }

  /** The arguments of the first line of the README that begins with the words. */
  private static List<String> readme(String words) throws IOException {
    String line = Files.readAllLines(Outside.ROOT.resolve("README.md")).stream()
        .filter(each -> each.startsWith("./likeness " + words))
        .findFirst()
        .orElseThrow();
    List<String> arguments = new ArrayList<>();
    for (String word :
        line.substring("./likeness ".length()).split(" (?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)")) {
      arguments.add(word.replace("\"", ""));
    }
    return arguments;
  }

  @Test
  void theCommandsOfTheReadmeWork() throws IOException {
    CommandResult got = CommandResult.of(readme("models get").toArray(String[]::new));
    assertEquals(0, got.status(), got.err());
    List<String> arguments = readme("headshot --photos selfies");
    arguments.set(
        arguments.indexOf("selfies"),
        Selfies.reduced(Selfies.of("5000000777", 3, folder.resolve("people"))).toString());
    arguments.set(arguments.indexOf("mine"), folder.resolve("mine").toString());
    assertTrue(arguments.contains("sd15"), arguments.toString());
    arguments.addAll(List.of(
        "--style",
        "studio",
        "--steps",
        "2",
        "--train-steps",
        "3",
        "--dtype",
        "f32",
        "--device",
        "cpu"));
    long before = server.requests().size();
    CommandResult made = CommandResult.of(arguments.toArray(String[]::new));
    assertEquals(0, made.status(), made.err());
    assertTrue(Files.exists(folder.resolve("mine/headshot-001.png")));
    assertEquals(before, server.requests().size(), "headshots ask nobody");
  }

  @Test
  void settingsOfTheCatalogueAreUsedAndTold() {
    assertEquals(0, CommandResult.of("models", "get", "sd15").status());
    CommandResult told = CommandResult.of(
        "generate",
        "--base",
        "sd15",
        "--prompt",
        "a woman",
        "--steps",
        "1",
        "--width",
        "32",
        "--height",
        "32",
        "--out",
        folder.resolve("a").toString());
    assertEquals(0, told.status(), told.err());
    assertTrue(
        told.err().contains("the catalogue's settings for sd15: --guidance 7.5\n"), told.err());
    CommandResult own = CommandResult.of(
        "generate",
        "--base",
        "sd15",
        "--prompt",
        "a woman",
        "--steps",
        "1",
        "--guidance",
        "1",
        "--width",
        "32",
        "--height",
        "32",
        "--out",
        folder.resolve("b").toString());
    assertTrue(!own.err().contains("the catalogue's settings"), own.err());
  }

  private CommandResult generated(String base, String... more) {
    List<String> words = new ArrayList<>(List.of(
        "generate",
        "--base",
        base,
        "--prompt",
        "a woman",
        "--steps",
        "1",
        "--width",
        "32",
        "--height",
        "32",
        "--out",
        folder.resolve("images").toString()));
    words.addAll(List.of(more));
    return CommandResult.of(words.toArray(String[]::new));
  }

  private static Path copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        Path copied = to.resolve(from.relativize(file).toString());
        Files.createDirectories(copied.getParent());
        Files.copy(file, copied);
      }
    }
    return to;
  }

  @Test
  void aBaseOfTheSameKindTakesTheSettingsToo() {
    // A TinyBase declares settings of its own.
    String base = GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder.resolve("own"))
        .path()
        .toString();
    CommandResult told = generated(base);
    assertEquals(0, told.status(), told.err());
    assertTrue(
        told.err().contains("the catalogue's settings for bases such as sd15: --guidance 7.5\n"),
        told.err());
    CommandResult own = generated(base, "--guidance", "1");
    assertTrue(!own.err().contains("the catalogue's settings"), own.err());
  }

  @Test
  void aDownloadedBaseIsRecognisedWhereItIsCopiedTo() throws IOException {
    CommandResult got = CommandResult.of("models", "get", "sd15");
    assertEquals(0, got.status(), got.err());
    Path copy = copy(Path.of(got.out().strip()), folder.resolve("copies/mine"));
    CommandResult told = generated(copy.toString());
    assertEquals(0, told.status(), told.err());
    assertTrue(
        told.err().contains("the catalogue's settings for sd15: --guidance 7.5\n"), told.err());
  }

  @Test
  void aSchedulerOfTheCatalogueIsTakenForTheVeryBase() throws IOException {
    get("realvisxl");
    CommandResult told = generated("realvisxl");
    assertTrue(
        told.err()
            .contains(
                "the catalogue's settings for realvisxl: --scheduler" + " \"dpmpp_sde karras\"\n"),
        told.err());
    CommandResult own = generated("realvisxl", "--scheduler", "DDIM");
    assertTrue(!own.err().contains("the catalogue's settings for realvisxl"), own.err());
  }

  @Test
  void aBaseWithoutSettingsOfItsOwnTakesThoseOfItsKind() throws IOException {
    // A TinyBase declares settings of its own.
    publish(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder.resolve("kind"))
            .path(),
        ModelCatalogue.builtIn().find("realvisxl").orElseThrow().repository());
    CommandResult got = CommandResult.of("models", "get", "realvisxl");
    assertEquals(0, got.status(), got.err());
    CommandResult told = generated("realvisxl", "--scheduler", "DDIM");
    assertEquals(0, told.status(), told.err());
    assertTrue(
        told.err().contains("the catalogue's settings for bases such as sd15: --guidance 7.5\n"),
        told.err());
  }

  @Test
  void weightsOfTheCatalogueAreUsedAndTold() throws IOException {
    Path base = GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder.resolve("own"))
        .path();
    Path net = TinyControlNets.write("edges", folder.resolve("net"));
    publish(net, "diffusers/controlnet-canny-sdxl-1.0");
    CommandResult got = CommandResult.of("models", "get", "controlnet-canny-sdxl");
    assertEquals(0, got.status(), got.err());
    Path image = folder.resolve("edges.png");
    RgbImage.of(32, 32, new byte[32 * 32 * 3]).writePng(image);
    List<String> control =
        List.of("--controlnet", "controlnet-canny-sdxl", "--control-image", image.toString());
    CommandResult told = generated(base.toString(), control.toArray(String[]::new));
    assertEquals(0, told.status(), told.err());
    assertTrue(
        told.err()
            .contains("the catalogue's settings for controlnet-canny-sdxl: --control-scale 0.5\n"),
        told.err());
    List<String> stated = new ArrayList<>(control);
    stated.addAll(List.of("--control-scale", "0.5"));
    byte[] taken = Files.readAllBytes(folder.resolve("images/image-001.png"));
    CommandResult own = generated(base.toString(), stated.toArray(String[]::new));
    assertTrue(!own.err().contains("controlnet-canny-sdxl:"), own.err());
    assertArrayEquals(taken, Files.readAllBytes(folder.resolve("images/image-001.png")));
  }

  @Test
  void everyCommandRefusesABaseThatIsNotForSale() throws IOException {
    get("flux-dev");
    String message = "likeness: the licence of flux-dev (FLUX.1 [dev] Non-Commercial) forbids"
        + " commercial use; use a model whose licence allows it";
    CommandResult generate = generated("flux-dev", "--commercial");
    assertEquals(3, generate.status());
    assertTrue(generate.err().strip().endsWith(message), generate.err());
    Path copy = copy(
        Path.of(CommandResult.of("models", "get", "flux-dev").out().strip()),
        folder.resolve("copies/mine"));
    String lora = folder.resolve("a.safetensors").toString();
    for (String[] words : new String[][] {
      {"generate", "--base", copy.toString(), "--prompt", "x", "--out", lora + "s"},
      {"lora", "--base", copy.toString(), "--extract", copy.toString(), "--out", lora}
    }) {
      List<String> all = new ArrayList<>(List.of(words));
      all.add("--commercial");
      CommandResult run = CommandResult.of(all.toArray(String[]::new));
      assertTrue(run.err().strip().endsWith(message), words[0] + ": " + run.err());
    }
    CommandResult control = generated(
        copy.toString(),
        "--controlnet",
        "controlnet-canny-flux",
        "--control-image",
        "x.png",
        "--commercial");
    assertTrue(
        control
            .err()
            .contains("the licence of controlnet-canny-flux (FLUX.1 [dev] Non-Commercial)"
                + " forbids commercial use"),
        control.err());
  }

  @Test
  void aFileThatComesLaterIsNoPartOfTheBase() throws IOException {
    assertEquals(0, CommandResult.of("models", "get", "sd15").status());
    LocalHub.Repository repository =
        server.repository("stable-diffusion-v1-5/stable-diffusion-v1-5");
    repository.large("pytorch_lora_weights.safetensors", new byte[1000]);
    repository.large("unet/later.safetensors", new byte[1000]);
    for (String file : List.of("pytorch_lora_weights.safetensors", "unet/later.safetensors")) {
      CommandResult got =
          CommandResult.of("models", "get", "stable-diffusion-v1-5/stable-diffusion-v1-5:" + file);
      assertEquals(0, got.status(), got.err());
    }
    CommandResult before = CommandResult.of("inspect", "sd15");
    assertEquals(0, before.status(), before.err());
    CommandResult image = generated("sd15");
    assertEquals(0, image.status(), image.err());
  }

  @Test
  void headshotsOfABaseWithFewStepsTakeFewSteps() throws IOException {
    publish(
        TinyBase.in(folder.resolve("few")),
        ModelCatalogue.builtIn().find("lcm-dreamshaper").orElseThrow().repository());
    assertEquals(0, CommandResult.of("models", "get", "lcm-dreamshaper").status());
    // The person is missing, which is found after the settings are told.
    CommandResult told = CommandResult.of(
        "headshot",
        "--base",
        "lcm-dreamshaper",
        "--person",
        "none.safetensors",
        "--out",
        folder.resolve("out").toString());
    assertEquals(3, told.status(), told.err());
    assertTrue(
        told.err().startsWith("the catalogue's settings for lcm-dreamshaper: --steps 4\n"),
        told.err());
    CommandResult many = CommandResult.of(
        "headshot",
        "--base",
        "lcm-dreamshaper",
        "--person",
        "none.safetensors",
        "--steps",
        "9",
        "--out",
        folder.resolve("out").toString());
    assertTrue(!many.err().contains("the catalogue's settings"), many.err());
  }

  private CommandResult trained(String base, String... more) {
    List<String> words = new ArrayList<>(List.of(
        "train",
        "--base",
        base,
        "--photos",
        folder.toString(),
        "--consent",
        "Ada: for this test",
        "--out",
        folder.resolve("ada.safetensors").toString()));
    words.addAll(List.of(more));
    return CommandResult.of(words.toArray(String[]::new));
  }

  private void get(String name) throws IOException {
    publish(
        TinyBase.in(folder.resolve(name)),
        ModelCatalogue.builtIn().find(name).orElseThrow().repository());
    assertEquals(0, CommandResult.of("models", "get", name).status());
  }

  @Test
  void aDistilledBaseIsTrainedWithTheAdapterOfTheCatalogue() throws IOException {
    get("z-image-turbo");
    CommandResult absent = trained("z-image-turbo");
    assertEquals(3, absent.status());
    assertEquals(
        "likeness: the catalogue trains on z-image-turbo with z-image-training-adapter, which is"
            + " not on this machine; get it once with: ./likeness models get z-image-training-adapter",
        absent.err().strip());
    server
        .repository("ostris/zimage_turbo_training_adapter")
        .large("adapter.safetensors", new byte[100]);
    CommandResult got = CommandResult.of("models", "get", "z-image-training-adapter");
    assertEquals(0, got.status(), got.err());
    CommandResult taken = trained("z-image-turbo");
    assertTrue(
        taken
            .err()
            .startsWith("the catalogue's settings for z-image-turbo: --training-adapter"
                + " z-image-training-adapter\n"),
        taken.err());
    // The file is no LoRA; its path shows that it was read.
    assertTrue(taken.err().contains(got.out().strip()), taken.err());
    CommandResult own = trained("z-image-turbo", "--training-adapter", "none.safetensors");
    assertTrue(!own.err().contains("the catalogue"), own.err());
  }

  @Test
  void oneOfSeveralTrainingAdaptersIsChosenByItsFile() throws IOException {
    get("z-image-turbo");
    server
        .repository("ostris/zimage_turbo_training_adapter")
        .large("adapter_v1.safetensors", new byte[100])
        .large("adapter_v2.safetensors", new byte[200]);
    CommandResult several = CommandResult.of("models", "get", "z-image-training-adapter");
    assertEquals(3, several.status());
    assertTrue(several.err().contains(" has 2 files of weights "), several.err());
    CommandResult absent =
        trained("z-image-turbo", "--training-adapter", "z-image-training-adapter:v2");
    assertEquals(
        "likeness: z-image-training-adapter:v2 is not on this machine; get it once with:"
            + " ./likeness models get z-image-training-adapter:v2",
        absent.err().strip());
    CommandResult got = CommandResult.of("models", "get", "z-image-training-adapter:v2");
    assertEquals(0, got.status(), got.err());
    CommandResult only = trained("z-image-turbo");
    assertTrue(only.err().contains(got.out().strip()), only.err());
    assertEquals(
        0, CommandResult.of("models", "get", "z-image-training-adapter:v1").status());
    CommandResult both = trained("z-image-turbo");
    assertEquals(3, both.status());
    assertEquals(
        "likeness: the cache has 2 files of z-image-training-adapter; give one of them:"
            + " z-image-training-adapter:adapter_v1.safetensors,"
            + " z-image-training-adapter:adapter_v2.safetensors",
        both.err().strip());
    CommandResult chosen =
        trained("z-image-turbo", "--training-adapter", "z-image-training-adapter:v2");
    assertTrue(chosen.err().contains(got.out().strip()), chosen.err());
    CommandResult role = trained("z-image-turbo", "--training-adapter", "taesd:v2");
    assertEquals(2, role.status());
    assertTrue(role.err().contains(" is a tiny-autoencoder of the catalogue; "), role.err());
  }

  @Test
  void aDistilledBaseNamesTheBaseToTrainOn() throws IOException {
    String told = "likeness: the catalogue trains on klein-base-4b, not on klein-4b, which is"
        + " distilled: ./likeness models get klein-base-4b, train with --base klein-base-4b, then use"
        + " the person's file with --base klein-4b";
    CommandResult absent = trained("klein-4b");
    assertEquals(3, absent.status());
    assertEquals(told, absent.err().strip());
    get("klein-4b");
    CommandResult train = trained("klein-4b");
    assertEquals(3, train.status());
    assertEquals(told, train.err().strip());
    CommandResult headshot = CommandResult.of(
        "headshot",
        "--base",
        "klein-4b",
        "--photos",
        folder.toString(),
        "--consent",
        "Ada: for this test",
        "--out",
        folder.resolve("out").toString());
    assertEquals(3, headshot.status());
    assertTrue(headshot.err().strip().endsWith(told), headshot.err());
    assertTrue(Files.notExists(folder.resolve("out")));
  }
}
