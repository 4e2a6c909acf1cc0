package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.catalogue.ModelCatalogue;
import dev.likeness.hub.LocalHub;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models are listed, got, checked and removed; nothing else uses the network. */
class ModelsCommandTest {
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

  /** A tiny base as a repository of the hub. */
  private Path publish(String name) throws IOException {
    LocalHub.Repository repository = server.repository(name);
    Path files = TinyBase.in(folder.resolve("published"));
    try (Stream<Path> all = Files.walk(files)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        byte[] bytes = Files.readAllBytes(file);
        String path = files.relativize(file).toString();
        if (path.endsWith(".safetensors")) {
          repository.large(path, bytes);
        } else {
          repository.small(path, new String(bytes, StandardCharsets.UTF_8));
        }
      }
    }
    return files;
  }

  @Test
  void listsTheCatalogueWithWhatIsHereFirst() {
    server
        .repository("madebyollin/taesd")
        .small("config.json", "{}")
        .large("diffusion_pytorch_model.safetensors", new byte[100]);
    CommandResult before = CommandResult.of("models", "list");
    assertEquals(0, before.status(), before.err());
    assertEquals(ModelCatalogue.builtIn().models().size(), before.out().lines().count());
    assertTrue(before.out().lines().findFirst().orElseThrow().startsWith("fits  sd15 "));
    List<String> marks = before.out().lines().map(line -> line.substring(0, 4)).toList();
    assertFalse(marks.subList(marks.indexOf("    "), marks.size()).contains("fits"), before.out());
    assertEquals(0, CommandResult.of("models", "get", "taesd").status());
    CommandResult after = CommandResult.of("models", "list");
    assertTrue(after.out().lines().findFirst().orElseThrow().startsWith("here  taesd "));
  }

  @Test
  void listsOnlyModelsForSale() throws IOException {
    CommandResult all = CommandResult.of("models", "list", "--commercial", "--json");
    assertEquals(0, all.status(), all.err());
    List<?> models = (List<?>) JSON.std.mapFrom(all.out()).get("models");
    assertEquals(
        ModelCatalogue.builtIn().models().stream()
            .filter(CatalogueModel::isCommercial)
            .count(),
        models.size());
    assertTrue(models.stream()
        .allMatch(each -> "yes".equals(((Map<?, ?>) each).get("commercial"))));
    assertFalse(all.out().contains("FLUX.1-dev\""));
  }

  @Test
  void getsAModelAndUsesItByItsName() throws IOException {
    publish("ada/portrait");
    CommandResult got = CommandResult.of("models", "get", "ada/portrait");
    assertEquals(0, got.status(), got.err());
    Path snapshot = Path.of(got.out().strip());
    assertTrue(Files.exists(snapshot.resolve("model_index.json")));
    assertTrue(got.err().contains("the repository states the licence apache-2.0"), got.err());
    long downloads = server.requests().size();
    CommandResult generated = CommandResult.of(
        "generate",
        "--base",
        "ada/portrait",
        "--prompt",
        "a woman",
        "--steps",
        "1",
        "--width",
        "32",
        "--height",
        "32",
        "--out",
        folder.resolve("out").toString());
    assertEquals(0, generated.status(), generated.err());
    assertEquals(downloads, server.requests().size(), "using a model asks nobody");
  }

  @Test
  void aDryRunShowsFilesAndDownloadsNothing() {
    server
        .repository("ada/quantised")
        .large("a-Q4_K_M.gguf", new byte[2_000_000])
        .large("a-Q8_0.gguf", new byte[3_000_000]);
    CommandResult run = CommandResult.of("models", "get", "ada/quantised:Q4_K_M", "--dry-run");
    assertEquals(0, run.status(), run.err());
    assertEquals(
        List.of("    2.0 MB  a-Q4_K_M.gguf", "    2.0 MB  to download of 2.0 MB"),
        run.out().lines().toList());
    assertEquals(0, server.downloads());
    assertFalse(Files.exists(folder.resolve("cache/models--ada--quantised")));
  }

  @Test
  void aModelThatIsNotHereIsToldWithTheCommandThatGetsIt() {
    for (String[] names : new String[][] {
      {"sdxl", "sdxl"},
      {"stabilityai/stable-diffusion-xl-base-1.0", "sdxl"},
      {"ada/none", "ada/none"},
      {"hf:ada/none@v1:a.safetensors", "hf:ada/none@v1:a.safetensors"}
    }) {
      CommandResult run = CommandResult.of(
          "generate",
          "--base",
          names[0],
          "--prompt",
          "x",
          "--out",
          folder.resolve("o").toString());
      assertEquals(3, run.status());
      assertEquals(
          "likeness: " + names[0]
              + " is not on this machine; get it once with: ./likeness models get " + names[1],
          run.err().strip());
    }
    assertEquals(List.of(), server.requests(), "nothing was asked for");
  }

  @Test
  void aFileIsFoundByItsNameInAnAddedFolder() throws IOException {
    Path models = Files.createDirectories(folder.resolve("ComfyUI/models/checkpoints"));
    Files.writeString(models.resolve("mine.safetensors"), "not a model");
    CommandResult added =
        CommandResult.of("models", "add", folder.resolve("ComfyUI").toString());
    assertEquals(0, added.status(), added.err());
    assertEquals(folder.resolve("ComfyUI").toString(), added.out().strip());
    assertEquals(added.out(), CommandResult.of("models", "add").out());
    CommandResult run = CommandResult.of(
        "generate",
        "--base",
        "mine.safetensors",
        "--prompt",
        "x",
        "--out",
        folder.resolve("o").toString());
    assertEquals(3, run.status());
    assertTrue(run.err().contains(models.resolve("mine.safetensors").toString()), run.err());
    CommandResult wrong =
        CommandResult.of("models", "add", folder.resolve("none").toString());
    assertEquals(3, wrong.status());
    assertTrue(wrong.err().contains(" is not a folder; give the folder of your models"));
  }

  @Test
  void inspectsARemoteModelAsALocalOne() throws IOException {
    Path files = publish("ada/portrait");
    CommandResult remote = CommandResult.of("inspect", "hf:ada/portrait", "--json");
    assertEquals(0, remote.status(), remote.err());
    CommandResult local = CommandResult.of("inspect", files.toString(), "--json");
    assertEquals(local.out().replace(files.toString(), "hf:ada/portrait"), remote.out());
    CommandResult text = CommandResult.of("inspect", "hf:ada/portrait");
    assertTrue(text.out().contains("licence      apache-2.0, as the repository states"));
    assertTrue(text.out().contains("download     "), text.out());
    assertTrue(
        text.out()
            .lines()
            .anyMatch(line -> line.matches("memory       f32 [\\d.]+ GiB, bf16 [\\d.]+ GiB, 8 bits"
                + " [\\d.]+ GiB, at least [\\d.]+ GiB, for one image")),
        text.out());
    assertTrue(
        text.out()
            .lines()
            .anyMatch(
                line -> line.matches("fits         yes, in (f32|bf16|f16); \\S+ has [\\d.]+ GiB,"
                    + " [\\d.]+ GiB of them free")),
        text.out());
    assertFalse(Files.exists(folder.resolve("cache")), "nothing is kept");
  }

  @Test
  void aRemoteFileThatIsNoModelIsToldByItsAddress() {
    server
        .repository("ada/page")
        .large("base.safetensors", ("<!DOCTYPE html><html>" + " ".repeat(500)).getBytes());
    CommandResult run = CommandResult.of("inspect", "hf:ada/page");
    assertEquals(3, run.status());
    assertTrue(run.err().startsWith("likeness: hf:ada/page"), run.err());
    assertFalse(run.err().contains("/tmp/"), run.err());
  }

  @Test
  void removesAfterShowing() throws IOException {
    server.repository("ada/portrait").large("a.safetensors", new byte[1000]);
    assertEquals(0, CommandResult.of("models", "get", "ada/portrait").status());
    Path repository = folder.resolve("cache/models--ada--portrait");
    CommandResult dry = CommandResult.of("models", "remove", "ada/portrait");
    assertEquals(0, dry.status(), dry.err());
    assertTrue(dry.out().startsWith("would remove " + repository + ", "), dry.out());
    assertTrue(dry.out().strip().endsWith("; --yes removes it"), dry.out());
    assertTrue(Files.exists(repository));
    CommandResult done = CommandResult.of("models", "remove", "ada/portrait", "--yes");
    assertTrue(done.out().startsWith("removed " + repository + ", "), done.out());
    assertFalse(Files.exists(repository));
    CommandResult again = CommandResult.of("models", "remove", "ada/portrait");
    assertEquals(3, again.status());
    assertEquals(
        "likeness: ada/portrait is not in the cache " + folder.resolve("cache"),
        again.err().strip());
  }

  @Test
  void verifiesAndMeasures() throws IOException {
    server.repository("ada/a").large("a.safetensors", new byte[1_500_000]);
    server.repository("ada/b").large("b.safetensors", new byte[2_500_000]);
    for (String name : List.of("ada/a", "ada/b")) {
      assertEquals(0, CommandResult.of("models", "get", name).status());
    }
    CommandResult sizes = CommandResult.of("models", "du");
    assertEquals(
        List.of("    1.5 MB  ada/a", "    2.5 MB  ada/b", "    4.0 MB  " + folder.resolve("cache")),
        sizes.out().lines().toList());
    CommandResult whole = CommandResult.of("models", "verify");
    assertEquals(0, whole.status(), whole.err());
    assertEquals(
        Stream.of("ada/a", "ada/b")
            .map(
                name -> name
                    + " is whole: it has the digests that the hub stated when its files were downloaded")
            .toList(),
        whole.out().lines().toList());
    Path file;
    try (Stream<Path> blobs = Files.list(folder.resolve("cache/models--ada--a/blobs"))) {
      file = blobs.findFirst().orElseThrow();
    }
    Files.write(file, new byte[1_400_000]);
    CommandResult broken = CommandResult.of("models", "verify", "ada/a");
    assertEquals(3, broken.status());
    assertEquals(
        "likeness: ada/a is damaged; remove it with ./likeness models remove ada/a --yes, and get"
            + " it again",
        broken.err().strip());
  }

  @Test
  void wrongNamesAreToldWithWhatToDo() {
    CommandResult unknown = CommandResult.of("models", "get", "sdlx");
    assertEquals(3, unknown.status());
    assertEquals(
        "likeness: the catalogue has no model \"sdlx\"; closest: sdxl, sd15, sd21; ./likeness models list"
            + " shows its names, and owner/name gets any repository",
        unknown.err().strip());
    CommandResult precision =
        CommandResult.of("models", "get", "sdxl", "--precision", "f8", "--dry-run");
    assertEquals(2, precision.status());
    assertEquals(
        "likeness: unknown precision \"f8\"; known: f32, f16, bf16, 8bit, gguf",
        precision.err().strip());
    CommandResult none = CommandResult.of("models");
    assertEquals(2, none.status());
    CommandResult out = CommandResult.of("models", "get", "ada/../x");
    assertEquals(2, out.status());
  }
}
