package dev.likeness.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of any address, compared with a digest, and of Civitai, which gives one. */
class WebFileTest {
  private static final byte[] WEIGHTS = Bytes.of(200_000, 1);
  private static final String PATH = "/ada/web/resolve/main/model.safetensors";
  private static final String SHA256 = sha256(WEIGHTS);
  private static final String VERSION = "/api/v1/model-versions/7";
  private static final String SECRET = "civitaiSecretSecret";

  @TempDir
  private Path folder;

  private final LocalHub server = new LocalHub();

  @AfterEach
  void stop() {
    server.close();
  }

  private static String sha256(byte[] bytes) {
    BlobHash hash = BlobHash.like("0".repeat(64), bytes.length);
    hash.update(ByteBuffer.wrap(bytes));
    return hash.hex();
  }

  private HubSettings settings() {
    HubSettings local = server.settings(folder.resolve("cache"));
    return HubSettings.of(
            Map.of(
                "HF_ENDPOINT",
                "http://127.0.0.1:9",
                "HF_TOKEN",
                LocalHub.TOKEN,
                "CIVITAI_ENDPOINT",
                server.address().toString(),
                "CIVITAI_TOKEN",
                SECRET),
            folder)
        .patience(local.patience());
  }

  private ModelHub hub() {
    return ModelHub.open(settings());
  }

  private WebFile file() {
    server.repository("ada/web").large("model.safetensors", WEIGHTS);
    return WebFile.of(server.address() + PATH, SHA256);
  }

  private String refused(WebFile file) {
    String message =
        assertThrows(InvalidInputException.class, () -> hub().get(file)).getMessage();
    assertEquals(1, message.lines().count(), message);
    assertFalse(message.contains("ecretSecret"), message);
    return message;
  }

  private void assertNothingKept() throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      assertEquals(
          List.of(),
          all.filter(path -> Files.isRegularFile(path) && !path.toString().endsWith(".lock"))
              .toList());
    }
  }

  @Test
  void aFileComesOnceAndIsFoundByItsName() throws IOException {
    List<ProgressEvent> events = new ArrayList<>();
    Path got = hub().get(file(), new Run(events::add, new Cancellation()));
    assertEquals(
        folder.resolve(".local/share/likeness/models").resolve(SHA256).resolve("model.safetensors"),
        got);
    assertArrayEquals(WEIGHTS, Files.readAllBytes(got));
    assertTrue(events.get(0).toString().contains("download"), events.toString());
    int asked = server.requests().size();
    assertEquals(got, hub().get(file()));
    assertEquals(got, ModelHub.open(settings().offline(true)).get(file()));
    assertEquals(asked, server.requests().size());
    FileStore store = FileStore.of(settings());
    FileStore.Entry entry = store.entry("model.safetensors").orElseThrow();
    assertEquals(new FileStore.Entry("model.safetensors", got, SHA256, WEIGHTS.length), entry);
    assertTrue(store.isWhole(entry));
    Files.write(got, Bytes.of(200_000, 2));
    assertFalse(store.isWhole(entry));
    store.remove(entry);
    assertEquals(List.of(), store.entries());
    assertFalse(Files.exists(got.getParent()));
  }

  @Test
  void theLengthIsToldWithoutADownload() throws IOException {
    assertEquals(WEIGHTS.length, hub().size(file()));
    assertNothingKept();
  }

  @Test
  void aCutDownloadGoesOn() throws IOException {
    WebFile file = file();
    // The first answer tells the length.
    server.next(
        "storage",
        "ada/web:model.safetensors",
        LocalHub::content,
        Scripted.cutOff(0.5),
        Scripted.cutOff(0.5));
    assertArrayEquals(WEIGHTS, Files.readAllBytes(hub().get(file)));
    assertTrue(
        server.requests().stream().anyMatch(each -> "bytes=150000-".equals(each.range())),
        server.requests().toString());
  }

  @Test
  void anotherDigestIsRefused() throws IOException {
    file();
    String other = sha256(Bytes.of(10, 3));
    assertEquals(
        "model.safetensors does not have the digest that was expected (" + other
            + "); nothing was kept: download it again, and check your proxy if it fails again",
        refused(WebFile.of(server.address() + PATH, other)));
    assertNothingKept();
  }

  @Test
  void aFileThatGrowsIsRefused() throws IOException {
    WebFile file = file();
    server.next(
        "storage",
        "ada/web:model.safetensors",
        LocalHub::content,
        Scripted.bytes(Bytes.of(300_000, 1)));
    assertEquals(
        "model.safetensors has 300000 bytes, but 200000 in the first answer; nothing was kept:"
            + " check the address and your proxy",
        refused(file));
    assertNothingKept();
  }

  @Test
  void noServerGetsATokenOfAnother() {
    hub().get(file());
    assertTrue(server.requests().stream()
        .noneMatch(each -> String.valueOf(each.token()).contains("hf_")));
    // This address is Civitai's server, which gets its token; the storage behind it does not.
    assertTrue(server.requests().stream()
        .allMatch(each -> each.server().equals("hub")
            ? ("Bearer " + SECRET).equals(each.token())
            : each.token() == null));
    HubSettings elsewhere = HubSettings.of(
        Map.of("CIVITAI_TOKEN", SECRET, "HF_TOKEN", LocalHub.TOKEN), folder.resolve("other"));
    int before = server.requests().size();
    ModelHub.open(elsewhere).get(file());
    assertTrue(server.requests().stream().skip(before).allMatch(each -> each.token() == null));
  }

  @ParameterizedTest
  @CsvSource({
    "http://example.org/model.safetensors, is not an https address",
    "ftp://example.org/model.safetensors, is not an https address",
    "file:///etc/model.safetensors, is not an address of a file",
    "https://ada:secretSecret@example.org/model.safetensors, is not an address of a file",
    "https://example.org/, is not the name of a file of weights",
    "https://example.org/model.exe?token=secretSecret, is not the name of a file of weights",
    "https://example.org/a%2F..%2F.safetensors, is not the name of a file of weights",
    "https://example.org/%1B[2J.safetensors, is not an address",
    "https://example.org/..%5Cmodel.safetensors, is not the name of a file of weights"
  })
  void addressesAreChecked(String address, String why) {
    String message = assertThrows(IllegalArgumentException.class, () -> WebFile.of(address, SHA256))
        .getMessage();
    assertTrue(message.contains(why), message);
    assertFalse(message.contains("secretSecret"), message);
    assertTrue(message.chars().noneMatch(Character::isISOControl), message);
  }

  @Test
  void digestsAreChecked() {
    assertEquals(
        "\"abc\" is not a SHA-256; expected 64 hexadecimal digits, as the page of the file gives"
            + " them",
        assertThrows(
                IllegalArgumentException.class,
                () -> WebFile.of("https://example.org/a.safetensors", "abc"))
            .getMessage());
    assertEquals(
        SHA256,
        WebFile.of("https://example.org/a.safetensors", SHA256.toUpperCase(Locale.ROOT))
            .sha256());
  }

  @ParameterizedTest
  @ValueSource(strings = {"file:///etc/passwd", "http://10.0.0.1/x", "http://169.254.169.254/x"})
  void redirectsLeadToPublicServersOnly(String location) throws IOException {
    WebFile file = file();
    server.next(
        "hub",
        "ada/web:model.safetensors",
        (exchange, stored) -> LocalHub.redirect(exchange, location));
    String message = refused(file);
    assertTrue(message.contains("; nothing was sent there: check the address"), message);
    assertNothingKept();
  }

  @ParameterizedTest
  @CsvSource({
    "401, 127.0.0.1 gives model.safetensors only with an account (401); check that the account of"
        + " CIVITAI_TOKEN may download it",
    "404, 127.0.0.1 has no model.safetensors; check the address in a browser",
    "418, 127.0.0.1 answered 418 for model.safetensors; check the address and your proxy"
  })
  void refusalsHaveTheirSentence(int status, String message) {
    WebFile file = file();
    server.next("hub", "ada/web:model.safetensors", Scripted.status(status));
    assertEquals(message, refused(file));
  }

  @Test
  void aServerThatIsDownIsAskedAgain() throws IOException {
    WebFile file = file();
    server.next("hub", "ada/web:model.safetensors", Scripted.status(503), Scripted.status(429));
    assertArrayEquals(WEIGHTS, Files.readAllBytes(hub().get(file)));
    assertEquals(
        "HF_HUB_OFFLINE is set, so other.safetensors of 127.0.0.1 is not asked for; unset it to use"
            + " the network",
        assertThrows(
                ResourceLimitException.class,
                () -> ModelHub.open(settings().offline(true))
                    .get(WebFile.of(server.address() + "/other.safetensors", SHA256)))
            .getMessage());
  }

  private Map<String, Object> entry(String name, boolean primary) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("name", name);
    entry.put("type", "Model");
    entry.put("sizeKB", 195.3);
    entry.put("hashes", Map.of("AutoV2", "1234", "SHA256", SHA256.toUpperCase(Locale.ROOT)));
    entry.put("downloadUrl", server.address() + "/ada/web/resolve/main/" + name);
    if (primary) {
      entry.put("primary", true);
    }
    return entry;
  }

  private void civitai(String use, Map<?, ?>... files) {
    Map<String, Object> version = new LinkedHashMap<>();
    version.put("id", 7);
    version.put("usageControl", use);
    version.put("files", List.of(files));
    server.next("hub", VERSION, (exchange, file) -> LocalHub.json(exchange, version));
  }

  @Test
  void civitaiGivesThePrimaryFileOfAVersion() throws IOException {
    server.repository("ada/web").large("model.safetensors", WEIGHTS);
    civitai("Download", entry("small.safetensors", false), entry("model.safetensors", true));
    WebFile file = hub().civitai(7);
    assertEquals(WebFile.of(server.address() + PATH, SHA256), file);
    assertArrayEquals(WEIGHTS, Files.readAllBytes(hub().get(file)));
  }

  @Test
  void aFileOfAVersionIsChosenByItsName() {
    civitai("Download", entry("a-fp16.safetensors", true), entry("a-fp32.safetensors", false));
    assertEquals("a-fp32.safetensors", hub().civitai(7, "FP32").name());
    civitai("Download", entry("a-fp16.safetensors", true), entry("a-fp32.safetensors", false));
    assertEquals(
        "version 7 of Civitai has several such files; its files: a-fp16.safetensors,"
            + " a-fp32.safetensors",
        assertThrows(InvalidInputException.class, () -> hub().civitai(7, "a-")).getMessage());
    civitai("Download", entry("a-fp16.safetensors", true));
    assertEquals(
        "version 7 of Civitai has no such file; its files: a-fp16.safetensors",
        assertThrows(InvalidInputException.class, () -> hub().civitai(7, "q8")).getMessage());
  }

  @Test
  void whatCivitaiDoesNotGiveIsTold() {
    civitai("Generation", entry("a.safetensors", true));
    assertEquals(
        "127.0.0.1 does not give the files of version 7 (\"Generation\"); choose another version",
        assertThrows(InvalidInputException.class, () -> hub().civitai(7)).getMessage());
    Map<String, Object> unchecked = entry("a.safetensors", true);
    unchecked.put("hashes", Map.of("AutoV2", "1234"));
    civitai("Download", unchecked);
    assertEquals(
        "Civitai gives version 7 without its SHA-256, so it cannot be checked; download the file"
            + " with a browser, and give its path",
        assertThrows(InvalidInputException.class, () -> hub().civitai(7)).getMessage());
    server.next("hub", VERSION, Scripted.status(404));
    assertEquals(
        "127.0.0.1 has no version 7; check the address in a browser",
        assertThrows(InvalidInputException.class, () -> hub().civitai(7)).getMessage());
    server.next("hub", VERSION, Scripted.bytes("<html>".getBytes()));
    assertEquals(
        "127.0.0.1 does not answer as Civitai does when asked for version 7; check the address, and"
            + " whether a proxy asks you to log in",
        assertThrows(InvalidInputException.class, () -> hub().civitai(7)).getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "../../evil.safetensors, ''",
    "evil.sh, ''",
    "a.safetensors, file:///etc/passwd",
    "a.safetensors, http://10.0.0.1/a.safetensors"
  })
  void namesAndAddressesOfCivitaiAreChecked(String name, String address) throws IOException {
    Map<String, Object> entry = entry(name, true);
    if (!address.isEmpty()) {
      entry.put("downloadUrl", address);
    }
    civitai("Download", entry);
    String message =
        assertThrows(InvalidInputException.class, () -> hub().civitai(7)).getMessage();
    assertEquals(1, message.lines().count(), message);
    assertNothingKept();
  }
}
