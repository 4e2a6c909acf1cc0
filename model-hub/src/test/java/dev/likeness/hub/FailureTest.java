package dev.likeness.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each failure has its own sentence, which says what to do; nothing that is not whole is kept. */
class FailureTest {
  private static final byte[] WEIGHTS = Bytes.of(200_000, 1);

  @TempDir
  private Path cache;

  private TestHub server;

  /** Returns the hub of a test, without repositories. */
  TestHub start() {
    return new LocalHub();
  }

  @BeforeEach
  void startServer() {
    server = start();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private HubSettings settings() {
    return server.settings(cache);
  }

  private ModelHub hub() {
    return ModelHub.open(settings());
  }

  private void single() {
    server.repository("ada/single").large("model.safetensors", WEIGHTS);
  }

  private String refused(String address) {
    return assertThrows(InvalidInputException.class, () -> hub().get(address)).getMessage();
  }

  private String impossible(String address) {
    return assertThrows(ResourceLimitException.class, () -> hub().get(address)).getMessage();
  }

  @Test
  void aRepositoryThatIsNotThere() {
    assertEquals(
        server.address() + " shows no repository ada/none to an anonymous caller (HF_TOKEN is not"
            + " set); check its name, and for a private repository set HF_TOKEN to a token that"
            + " may read it",
        refused("ada/none"));
    ModelHub known = ModelHub.open(settings().token(TestHub.TOKEN));
    assertEquals(
        server.address() + " shows no repository ada/none to your token; check its name, and for"
            + " a private repository set HF_TOKEN to a token that may read it",
        assertThrows(InvalidInputException.class, () -> known.get("ada/none")).getMessage());
  }

  @Test
  void aPrivateRepository() {
    server.repository("ada/private").large("model.safetensors", WEIGHTS).hidden();
    assertTrue(refused("ada/private").contains(" shows no repository ada/private to an anonymous"));
    ModelHub known = ModelHub.open(settings().token(TestHub.TOKEN));
    assertTrue(Files.exists(known.get("ada/private")));
  }

  @Test
  void aGatedRepository() {
    server.repository("ada/gated").large("model.safetensors", WEIGHTS).gated();
    assertEquals(
        "ada/gated is gated: accept its licence at " + server.address()
            + "/ada/gated in a browser, then set HF_TOKEN to a token of the same account",
        refused("ada/gated"));
    ModelHub other = ModelHub.open(settings().token("hf_other"));
    assertEquals(
        "ada/gated is gated: accept its licence at " + server.address()
            + "/ada/gated in a browser, then give a token of the same account that may read gated"
            + " repositories as HF_TOKEN",
        assertThrows(InvalidInputException.class, () -> other.get("ada/gated")).getMessage());
  }

  @Test
  void aRevisionThatIsNotThere() {
    single();
    assertEquals(
        "ada/single has no revision \"v2.0\"; its branches and tags: " + server.address()
            + "/ada/single/tree/main",
        refused("ada/single@v2.0"));
  }

  @Test
  void aFileThatIsNotThere() {
    single();
    assertEquals(
        "ada/single has no file \"other\" in revision \"main\"; its files of weights:"
            + " ada/single:model.safetensors",
        refused("ada/single:other"));
    server.repository("ada/none").small("README.md", "# none");
    assertEquals(
        "ada/none has no file \"other\" in revision \"main\"; it has no weights that can be opened",
        refused("ada/none:other"));
  }

  @Test
  void aFileThatVanishes() {
    single();
    server.next(
        "hub",
        "ada/single:model.safetensors",
        Scripted.status(404, Map.of("X-Error-Code", "EntryNotFound")));
    assertEquals(
        "ada/single has no file \"model.safetensors\" in revision \"main\"; its files: "
            + server.address() + "/ada/single/tree/main",
        refused("ada/single"));
  }

  @Test
  void aHubThatIsTooBusy() {
    single();
    server.next(
        "hub",
        "ada/single revision",
        Scripted.status(429, Map.of("RateLimit", "\"api\";r=0;t=290")));
    assertEquals(
        "127.0.0.1 gets too many requests from you and asks to wait 290 s; a token in HF_TOKEN has"
            + " a higher limit; try again later",
        impossible("ada/single"));
    server.next("hub", "ada/single revision", Scripted.status(429, Map.of("Retry-After", "3600")));
    assertTrue(impossible("ada/single").contains(" asks to wait 3600 s"));
  }

  @ParameterizedTest
  @ValueSource(ints = {500, 502, 503, 504, 408})
  void aHubThatIsDown(int status) {
    single();
    server.next(
        "hub",
        "ada/single revision",
        Collections.nCopies(HubClient.ATTEMPTS, Scripted.status(status)).toArray(Scripted[]::new));
    assertEquals(
        "127.0.0.1 answered " + status + " for ada/single (5 attempts); try again later",
        impossible("ada/single"));
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 405, 418, 451})
  void anAnswerThatNoHubGives(int status) {
    single();
    server.next("hub", "ada/single revision", Scripted.status(status));
    assertEquals(
        "127.0.0.1 answered " + status + " for ada/single; check HF_ENDPOINT and your proxy",
        refused("ada/single"));
  }

  @Test
  void aPageForPeople() {
    single();
    server.next(
        "hub", "ada/single revision", Scripted.bytes("<html>Log in \u001b[2J</html>".getBytes()));
    assertEquals(
        "127.0.0.1 does not answer as a hub does when asked for ada/single; check HF_ENDPOINT, and"
            + " whether a proxy asks you to log in",
        refused("ada/single"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "{}", "{\"sha\": 1}", "{\"sha\": \"../../x\"}", "null", "7"})
  void anAnswerWithoutACommit(String json) {
    single();
    server.next("hub", "ada/single revision", Scripted.bytes(json.getBytes()));
    assertTrue(refused("ada/single").contains(" does not answer as a hub does"));
  }

  @Test
  void aProxyThatAsksForAPassword() {
    single();
    server.next("hub", "ada/single revision", Scripted.status(407));
    assertTrue(impossible("ada/single").contains("proxy"), "some sentence about the proxy");
  }

  @Test
  void aConnectionThatIsCutAgainAndAgain() {
    single();
    server.next(
        "storage",
        "ada/single:model.safetensors",
        Collections.nCopies(HubClient.ATTEMPTS, Scripted.cutOff(0)).toArray(Scripted[]::new));
    String message = impossible("ada/single");
    assertTrue(
        message.startsWith("the connection to 127.0.0.1 was lost (5 attempts): ")
            && message.endsWith("; run the same again to go on where it ended"),
        message);
  }

  @Test
  void aConnectionThatStallsAgainAndAgain() {
    single();
    server.next(
        "storage",
        "ada/single:model.safetensors",
        Collections.nCopies(HubClient.ATTEMPTS, Scripted.stall(0)).toArray(Scripted[]::new));
    assertEquals(
        "the connection to 127.0.0.1 was lost (5 attempts): no data for 400 ms; run the same again"
            + " to go on where it ended",
        impossible("ada/single"));
  }

  @Test
  void aWrongDigest() throws IOException {
    single();
    byte[] other = WEIGHTS.clone();
    other[100_000] ^= 1;
    server.next("storage", "ada/single:model.safetensors", Scripted.bytes(other));
    String etag = server.repository("ada/single").file("model.safetensors").etag();
    assertEquals(
        "ada/single:model.safetensors does not have the digest that the hub gives (" + etag
            + "); nothing was kept: download it again, and check your proxy if it fails again",
        refused("ada/single"));
    assertNothingKept();
  }

  @Test
  void aWrongLength() throws IOException {
    single();
    server.next("storage", "ada/single:model.safetensors", Scripted.bytes(new byte[199_999]));
    assertEquals(
        "ada/single:model.safetensors has 199999 bytes, but 200000 in the hub's list of files;"
            + " nothing was kept: check HF_ENDPOINT and your proxy",
        refused("ada/single"));
    assertNothingKept();
  }

  @Test
  void aFileThatGoesOn() throws IOException {
    single();
    server.next(
        "storage",
        "ada/single:model.safetensors",
        Scripted.endless(Arrays.copyOf(WEIGHTS, WEIGHTS.length + 5000)));
    assertEquals(
        "ada/single:model.safetensors goes on after its 200000 bytes; nothing was kept: check"
            + " HF_ENDPOINT and your proxy",
        refused("ada/single"));
    assertNothingKept();
  }

  @Test
  void aWrongEtag() throws IOException {
    single();
    String etag = server.repository("ada/single").file("model.safetensors").etag();
    server.next(
        "hub",
        "ada/single:model.safetensors",
        Scripted.redirect(
            server.storageAddress() + "/blob/" + etag,
            Map.of("X-Linked-Etag", "\"" + "d".repeat(64) + "\"")));
    assertEquals(
        "ada/single:model.safetensors has the digest " + "d".repeat(64)
            + " in one answer of the hub and " + etag
            + " in its list of files; nothing was kept: check HF_ENDPOINT",
        refused("ada/single"));
    assertNothingKept();
  }

  @Test
  void aWrongLinkedSize() throws IOException {
    single();
    String etag = server.repository("ada/single").file("model.safetensors").etag();
    server.next(
        "hub",
        "ada/single:model.safetensors",
        Scripted.redirect(server.storageAddress() + "/blob/" + etag, Map.of("X-Linked-Size", "7")));
    assertTrue(refused("ada/single").startsWith("ada/single:model.safetensors has 7 bytes, but"));
    assertNothingKept();
  }

  @Test
  void aListWithoutDigests() {
    single();
    for (Map<String, Object> entry : List.<Map<String, Object>>of(
        Map.of("type", "file", "path", "a", "size", 1, "oid", "short"),
        Map.of("type", "file", "path", "a", "oid", "0".repeat(40)),
        Map.of("type", "file", "path", "a", "size", -1, "oid", "0".repeat(40)))) {
      server.next("hub", "ada/single tree", Scripted.json(List.of(entry)));
      assertEquals(
          "the hub lists ada/single:a without its length and digest, so it cannot be checked;"
              + " check HF_ENDPOINT",
          refused("ada/single"));
    }
  }

  @Test
  void aCacheThatCannotBeWritten() throws IOException {
    single();
    Path file = Files.writeString(cache.resolve("file"), "no folder");
    ModelHub hub = ModelHub.open(settings().cache(file));
    String message =
        assertThrows(ResourceLimitException.class, () -> hub.get("ada/single")).getMessage();
    assertTrue(
        message.startsWith("cannot use the cache at " + file)
            && message.endsWith("; make room on the disk, check its permissions, or set"
                + " HF_HUB_CACHE to another folder"),
        message);
  }

  @Test
  void noMessageHasTheToken() {
    single();
    HubSettings settings = settings().token(TestHub.TOKEN);
    assertFalse(settings.toString().contains(TestHub.TOKEN));
    server.next("hub", "ada/single revision", Scripted.status(418));
    ModelHub hub = ModelHub.open(settings);
    InvalidInputException e =
        assertThrows(InvalidInputException.class, () -> hub.get("ada/single"));
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      assertFalse(String.valueOf(cause.getMessage()).contains(TestHub.TOKEN));
    }
  }

  private void assertNothingKept() throws IOException {
    try (Stream<Path> all = Files.walk(cache.resolve("models--ada--single"))) {
      assertEquals(List.of(), all.filter(Files::isRegularFile).toList());
    }
  }
}
