package dev.likeness.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A hub, or whoever answers in its place, that would like to write or read elsewhere. */
class AttackTest {
  @TempDir
  private Path cache;

  private final LocalHub server = new LocalHub();

  @AfterEach
  void stop() {
    server.close();
  }

  private ModelHub hub() {
    return ModelHub.open(server.settings(cache).token(LocalHub.TOKEN));
  }

  private void single() {
    server.repository("ada/single").large("model.safetensors", Bytes.of(200_000, 1));
  }

  private String refused(String address) {
    String message =
        assertThrows(InvalidInputException.class, () -> hub().get(address)).getMessage();
    assertEquals(1, message.lines().count(), message);
    assertTrue(message.chars().noneMatch(Character::isISOControl), message);
    return message;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../../evil.safetensors",
        "a/../../evil.safetensors",
        "/etc/evil.safetensors",
        "a//b.safetensors",
        "./a.safetensors",
        "a/./b.safetensors",
        "..\\evil.safetensors",
        "C:\\evil.safetensors",
        "C:evil.safetensors",
        "a/.. /b.safetensors",
        "a./b.safetensors",
        " /b.safetensors",
        "nul\u0000.safetensors",
        "esc\u001b[2J.safetensors",
        "right\u202eto-left.safetensors",
        ""
      })
  void namesOfFilesDoNotLeadOut(String name) {
    single();
    server.repository("ada/single").large(name, Bytes.of(10, 2));
    assertTrue(refused("ada/single:model.safetensors")
        .endsWith(", whose name is not a relative path with '/'; nothing was downloaded"));
    assertEquals(0, server.downloads());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ada/single@../../x",
        "ada/single@a/../b",
        "ada/single@",
        "ada/single@/a",
        "ada/single@a//b",
        "ada/single@a b",
        "ada/single@main.lock",
        "ada/single:../x",
        "ada/single:/etc/passwd",
        "ada/single:",
        "../single",
        "ada/..",
        "ada",
        "ada/single/x",
        "ada--x/single",
        "ada/sin..gle",
        "ada/-single",
        "http://ada/single",
        "ada/sin\u001bgle"
      })
  void addressesDoNotLeadOut(String address) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> hub().get(address)).getMessage();
    assertTrue(message.chars().noneMatch(Character::isISOControl), message);
    assertEquals(List.of(), server.requests());
  }

  @ParameterizedTest
  @CsvSource({
    "file:///etc/passwd, which is not an https address",
    "ftp://example.org/x, which is not an https address",
    "jar:file:/x!/y, which is not an https address",
    "gopher://example.org, which is not an https address",
    "http://user:secret@example.org/x, which does not name a server alone",
    "http://10.0.0.1/x, which is inside of your own network",
    "http://192.168.1.1/x, which is inside of your own network",
    "http://172.16.0.1/x, which is inside of your own network",
    "http://169.254.169.254/latest/meta-data, which is inside of your own network",
    "http://100.64.0.1/x, which is inside of your own network",
    "http://0.0.0.0/x, which is inside of your own network",
    "http://[fe80::1]/x, which is inside of your own network",
    "http://[fc00::1]/x, which is inside of your own network",
    "http://[::ffff:10.0.0.1]/x, which is inside of your own network"
  })
  void redirectsLeadToPublicServersOnly(String location, String why) {
    single();
    server.next(
        "hub",
        "ada/single:model.safetensors",
        (exchange, file) -> LocalHub.redirect(exchange, location));
    String message = refused("ada/single");
    assertTrue(
        message.endsWith(", " + why + "; nothing was sent there: check HF_ENDPOINT and your proxy"),
        message);
  }

  @Test
  void aPublicHubDoesNotLeadToThisMachine() {
    HubHosts hosts = HubHosts.ofHub(URI.create("https://huggingface.co"));
    URI from = URI.create("https://huggingface.co/ada/single");
    for (String location : List.of(
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://[::1]/x",
        "http://93.184.216.34/x")) {
      assertThrows(InvalidInputException.class, () -> hosts.redirect(from, location), location);
    }
    assertEquals(URI.create("https://huggingface.co/other"), hosts.redirect(from, "/other"));
  }

  @ParameterizedTest
  @CsvSource({
    "https://huggingface.co, https://huggingface.co/a, true",
    "https://huggingface.co, https://hf.co/a, true",
    "https://huggingface.co, https://HF.CO/a, true",
    "https://huggingface.co, http://huggingface.co/a, false",
    "https://huggingface.co, https://huggingface.co:8443/a, false",
    "https://huggingface.co, https://cdn.huggingface.co/a, false",
    "https://huggingface.co, https://huggingface.co.evil.org/a, false",
    "https://huggingface.co, https://evil-huggingface.co/a, false",
    "https://mirror.example, https://mirror.example/a, true",
    "https://mirror.example, https://mirror.example:444/a, false",
    "http://mirror.example, http://mirror.example/a, false",
    "http://127.0.0.1:9, http://127.0.0.1:9/a, true",
    "http://127.0.0.1:9, http://127.0.0.1:10/a, false"
  })
  void theTokenIsForTheHubAlone(String endpoint, String address, boolean given) {
    assertEquals(given, HubHosts.ofHub(URI.create(endpoint)).mayHaveToken(URI.create(address)));
  }

  @Test
  void aRedirectWithoutEndIsGivenUp() {
    single();
    LocalHub.Answer again =
        (exchange, file) -> LocalHub.redirect(exchange, exchange.getRequestURI().getPath());
    server.next(
        "hub",
        "ada/single:model.safetensors",
        again,
        again,
        again,
        again,
        again,
        again,
        again,
        again,
        again);
    assertEquals(
        "127.0.0.1 redirects more than 8 times; check HF_ENDPOINT and your proxy",
        refused("ada/single"));
  }

  @Test
  void aRedirectWithoutAnAddressIsRefused() {
    single();
    server.next("hub", "ada/single:model.safetensors", Scripted.status(302));
    assertEquals(
        "127.0.0.1 redirects without an address; check HF_ENDPOINT", refused("ada/single"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "br", "deflate, gzip"})
  void aPackedAnswerIsRefused(String packing) {
    single();
    server.next("storage", "ada/single:model.safetensors", (exchange, file) -> {
      exchange.getResponseHeaders().set("Content-Encoding", packing);
      LocalHub.content(exchange, file);
    });
    assertEquals(
        "127.0.0.1 sent ada/single:model.safetensors packed as \"" + packing
            + "\", though it was asked not to; check your proxy, which may pack what it passes",
        refused("ada/single"));
  }

  @Test
  void aListThatGoesOnElsewhereIsRefused() {
    single();
    server.next("hub", "ada/single tree", (exchange, file) -> {
      exchange
          .getResponseHeaders()
          .set("Link", "<" + server.storageAddress() + "/more>; rel=\"next\"");
      LocalHub.json(exchange, List.of());
    });
    assertEquals(
        "127.0.0.1 continues its list of files at 127.0.0.1, which is not the hub; check"
            + " HF_ENDPOINT",
        refused("ada/single"));
  }

  @Test
  void aFileInAFileIsRefused() {
    server.repository("ada/single").small("a.json", "{}").small("a.json/b.json", "[]");
    hub().get("ada/single:a.json");
    assertThrows(RuntimeException.class, () -> hub().get("ada/single:a.json/b.json"));
    assertTrue(Files.isDirectory(cache.resolve("models--ada--single/blobs")));
  }

  @Test
  void aLinkThatStandsInTheCacheIsReplacedAndNotFollowed() throws Exception {
    single();
    Path elsewhere = Files.writeString(cache.resolve("elsewhere"), "mine");
    String commit = server.repository("ada/single").commit;
    Path snapshot =
        Files.createDirectories(cache.resolve("models--ada--single/snapshots/" + commit));
    Files.createSymbolicLink(snapshot.resolve("model.safetensors"), elsewhere);
    Path file = hub().get("ada/single");
    assertEquals(200_000, Files.size(file));
    assertEquals("mine", Files.readString(elsewhere));
  }

  @Test
  void aHeaderOfTwoGigabytesIsNotRead() {
    byte[] file = new byte[300_000];
    ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(2L << 30).put((byte) '{');
    server.repository("ada/single").large("model.safetensors", file);
    InvalidInputException e = assertThrows(
        InvalidInputException.class, () -> hub().headers(HubAddress.parse("ada/single")));
    assertEquals(
        "ada/single:model.safetensors announces a header of 2147483648 bytes, more than the"
            + " 16777216 allowed; nothing more was read",
        e.getMessage());
  }

  @Test
  void anIndexThatNamesOtherFilesIsRefused() {
    server
        .repository("ada/shards")
        .small("model_index.json", """
            {"_class_name": "FluxPipeline",
             "transformer": ["diffusers", "FluxTransformer2DModel"]}""")
        .small("transformer/config.json", "{}")
        .small(
            "transformer/diffusion_pytorch_model.safetensors.index.json",
            "{\"weight_map\": {\"a\": \"../../../x\\u001b[2J.safetensors\"}}");
    assertEquals(
        "ada/shards names the file \"transformer/../../../x\\u001b[2J.safetensors\", which it does"
            + " not have; choose another revision or repository",
        refused("ada/shards"));
  }

  @Test
  void settingsAreChecked() {
    for (String endpoint : List.of(
        "ftp://hub",
        "huggingface.co",
        "https://user:pw@hub",
        "https://hub?x",
        "https://",
        "\u001b")) {
      String message = assertThrows(
              InvalidInputException.class,
              () -> HubSettings.of(Map.of("HF_ENDPOINT", endpoint), cache),
              endpoint)
          .getMessage();
      assertTrue(message.startsWith("HF_ENDPOINT is \""), message);
    }
    String message = assertThrows(
            InvalidInputException.class,
            () -> HubSettings.of(Map.of("HF_TOKEN", "hf_a\r\nHost: evil"), cache))
        .getMessage();
    assertEquals("HF_TOKEN is no token: expected one line of letters, digits and signs", message);
    assertFalse(message.contains("evil"));
  }
}
