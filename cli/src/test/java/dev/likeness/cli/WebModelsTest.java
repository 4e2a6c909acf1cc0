package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.hub.LocalHub;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files come from addresses and from Civitai, and are then found by their names. */
class WebModelsTest {
  @TempDir
  private Path folder;

  private final LocalHub server = new LocalHub();

  @BeforeEach
  void setVariables() {
    set("HF_ENDPOINT", server.address().toString());
    set("CIVITAI_ENDPOINT", server.address().toString());
    set("HF_HUB_CACHE", folder.resolve("cache").toString());
    set("HF_HOME", folder.resolve("home").toString());
    set("XDG_CONFIG_HOME", folder.resolve("config").toString());
    set("XDG_DATA_HOME", folder.resolve("data").toString());
    set("HF_HUB_OFFLINE", "0");
    set("TRANSFORMERS_OFFLINE", "0");
    set("HF_TOKEN", "");
    set("CIVITAI_TOKEN", "");
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

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A tiny base in a single file, as bytes. */
  private byte[] singleFile() throws IOException {
    Path file = folder.resolve("mine.safetensors");
    CommandResult made =
        CommandResult.of("convert", TinyBase.in(folder).toString(), file.toString());
    assertEquals(0, made.status(), made.err());
    byte[] bytes = Files.readAllBytes(file);
    Files.delete(file);
    return bytes;
  }

  @Test
  void aFileOfAnAddressIsUsedByItsName() throws IOException {
    byte[] bytes = singleFile();
    server.page("/files/mine.safetensors", bytes);
    String address = server.address() + "/files/mine.safetensors";
    CommandResult dry =
        CommandResult.of("models", "get", address, "--sha256", sha256(bytes), "--dry-run");
    assertEquals(0, dry.status(), dry.err());
    assertTrue(dry.out().contains("MB  mine.safetensors"), dry.out());
    assertFalse(Files.exists(folder.resolve("data")));
    CommandResult got = CommandResult.of("models", "get", address, "--sha256", sha256(bytes));
    assertEquals(0, got.status(), got.err());
    Path file = Path.of(got.out().strip());
    assertEquals(
        folder.resolve("data/likeness/models/" + sha256(bytes) + "/mine.safetensors"), file);
    assertTrue(got.err().contains("use it by its name, such as --base mine.safetensors"));
    CommandResult made = CommandResult.of(
        "generate",
        "--base",
        "mine.safetensors",
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
    assertEquals(0, made.status(), made.err());
    assertEquals(
        "mine.safetensors is whole: it has the digest that its download was compared with\n",
        CommandResult.of("models", "verify").out());
    CommandResult sizes = CommandResult.of("models", "du");
    assertTrue(sizes.out().contains(" MB  mine.safetensors\n"), sizes.out());
    assertTrue(
        sizes.out().strip().endsWith("  " + folder.resolve("data/likeness/models")), sizes.out());
    Files.write(file, new byte[10]);
    CommandResult broken = CommandResult.of("models", "verify", "mine.safetensors");
    assertEquals(3, broken.status());
    assertEquals(
        "likeness: mine.safetensors is damaged; remove it with ./likeness models remove"
            + " mine.safetensors --yes, and get it again",
        broken.err().strip());
    CommandResult would = CommandResult.of("models", "remove", "mine.safetensors");
    assertEquals("would remove " + file + ", 0.0 MB; --yes removes it\n", would.out());
    assertTrue(Files.exists(file));
    CommandResult removed = CommandResult.of("models", "remove", "mine.safetensors", "--yes");
    assertEquals("removed " + file + ", 0.0 MB\n", removed.out());
    assertFalse(Files.exists(file));
  }

  @Test
  void aFileOfCivitaiIsGotByItsVersion() {
    byte[] bytes = new byte[1000];
    server.page("/files/ada.safetensors", bytes);
    server.page(
        "/api/v1/model-versions/7",
        ("{\"id\": 7, \"files\": [{\"name\": \"ada.safetensors\", \"primary\": true, \"hashes\":"
                + " {\"SHA256\": \"" + sha256(bytes).toUpperCase(Locale.ROOT)
                + "\"}, \"downloadUrl\": \""
                + server.address() + "/files/ada.safetensors\"}]}")
            .getBytes());
    for (String name : List.of(
        "civitai:7", "https://civitai.com/models/12/ada?modelVersionId=7", "civitai:7:ada")) {
      CommandResult got = CommandResult.of("models", "get", name);
      assertEquals(0, got.status(), got.err());
      assertTrue(got.out().strip().endsWith(sha256(bytes) + "/ada.safetensors"), got.out());
    }
    CommandResult wrong =
        CommandResult.of("models", "get", "civitai:7", "--sha256", sha256(new byte[1]));
    assertEquals(3, wrong.status());
    assertTrue(wrong.err().contains("does not have the digest that was expected"), wrong.err());
  }

  @Test
  void aPageOfTheHubStandsForItsRepository() {
    server
        .repository("ada/quantised")
        .large("a-Q4_K_M.gguf", new byte[2_000_000])
        .large("a-Q8_0.gguf", new byte[3_000_000]);
    for (String page : List.of(
        "/ada/quantised/blob/main/a-Q4_K_M.gguf",
        "/ada/quantised/resolve/main/a-Q4_K_M.gguf?download=true")) {
      CommandResult run = CommandResult.of("models", "get", server.address() + page, "--dry-run");
      assertEquals(0, run.status(), run.err());
      assertTrue(run.out().startsWith("    2.0 MB  a-Q4_K_M.gguf\n"), run.out());
    }
    CommandResult whole =
        CommandResult.of("models", "get", server.address() + "/ada/quantised", "--dry-run");
    assertEquals(3, whole.status());
    assertTrue(whole.err().contains("a-Q8_0.gguf"), whole.err());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "https://example.org/a.safetensors | the file at an address is compared with its digest:"
            + " give --sha256 DIGEST from the page where the address stands",
        "civitai:ada | \"civitai:ada\" names no version of Civitai; expected civitai:VERSION, the"
            + " number behind modelVersionId= in the address of the model's page",
        "ada/model --sha256 abc | --sha256 is for the address of a file, which begins with"
            + " https://; leave it out",
        "civitai:7 --precision f16 | --precision is for repositories; give the file that you want"
            + " as civitai:VERSION:FILE, or its address"
      })
  void wrongArgumentsAreTold(String arguments, String message) {
    CommandResult run = CommandResult.of(("models get " + arguments).split(" "));
    assertEquals(2, run.status());
    assertEquals("likeness: " + message, run.err().strip());
    assertEquals(List.of(), server.requests());
  }
}
