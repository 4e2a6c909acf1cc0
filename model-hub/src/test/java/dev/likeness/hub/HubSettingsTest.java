package dev.likeness.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.IOException;
import java.net.Proxy;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The environment means what it means to huggingface_hub. */
class HubSettingsTest {
  @TempDir
  private Path home;

  private HubSettings of(String... pairs) {
    return HubSettings.of(environment(pairs), home);
  }

  private static Map<String, String> environment(String... pairs) {
    Map<String, String> environment = new HashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      environment.put(pairs[i], pairs[i + 1]);
    }
    return environment;
  }

  @Test
  void theCacheIsThatOfPython() {
    assertEquals(home.resolve(".cache/huggingface/hub"), of().cache());
    assertEquals(Path.of("/x/huggingface/hub"), of("XDG_CACHE_HOME", "/x").cache());
    assertEquals(Path.of("/h/hub"), of("XDG_CACHE_HOME", "/x", "HF_HOME", "/h").cache());
    assertEquals(
        Path.of("/old"), of("HF_HOME", "/h", "HUGGINGFACE_HUB_CACHE", "/old").cache());
    assertEquals(
        Path.of("/c"), of("HUGGINGFACE_HUB_CACHE", "/old", "HF_HUB_CACHE", "/c").cache());
    assertEquals(home.resolve("models"), of("HF_HUB_CACHE", "~/models").cache());
  }

  @Test
  void theTokenComesFromTheFirstPlace() throws IOException {
    assertFalse(of().hasToken());
    assertEquals(Optional.of("hf_a"), of("HF_TOKEN", " hf_a\n").secret());
    Path file = Files.writeString(home.resolve("token"), "hf_b\n");
    assertEquals(Optional.of("hf_b"), of("HF_TOKEN_PATH", file.toString()).secret());
    assertEquals(Optional.of("hf_b"), of("HF_HOME", home.toString()).secret());
    assertEquals(
        Optional.of("hf_a"), of("HF_TOKEN", "hf_a", "HF_HOME", home.toString()).secret());
    assertFalse(of("HF_TOKEN", "hf_a", "HF_HUB_DISABLE_IMPLICIT_TOKEN", "1").hasToken());
    assertFalse(of("HF_TOKEN", "").hasToken());
  }

  @ParameterizedTest
  @CsvSource({
    "HF_HUB_OFFLINE, 1, true",
    "HF_HUB_OFFLINE, true, true",
    "HF_HUB_OFFLINE, YES, true",
    "HF_HUB_OFFLINE, on, true",
    "HF_HUB_OFFLINE, 0, false",
    "HF_HUB_OFFLINE, no, false",
    "TRANSFORMERS_OFFLINE, 1, true",
    "DIFFUSERS_OFFLINE, 1, false"
  })
  void offlineIsAFlag(String name, String value, boolean offline) {
    assertEquals(offline, of(name, value).isOffline());
  }

  @Test
  void theEndpointHasNoSlashAtItsEnd() {
    assertEquals(URI.create("https://huggingface.co"), of().endpoint());
    assertEquals(
        URI.create("https://mirror.example/hub"),
        of("HF_ENDPOINT", "https://mirror.example/hub/").endpoint());
  }

  @Test
  void parallelDownloadsAreBounded() {
    assertEquals(16, of().parallel(16).parallel());
    assertThrows(IllegalArgumentException.class, () -> of().parallel(0));
    assertThrows(IllegalArgumentException.class, () -> of().parallel(17));
  }

  @Test
  void proxiesAreRead() {
    URI hub = URI.create("https://huggingface.co/x");
    assertEquals(Proxy.NO_PROXY, proxy(hub));
    assertEquals(
        "proxy:3128",
        proxy(hub, "HTTPS_PROXY", "http://proxy:3128")
            .address()
            .toString()
            .replaceAll("/<unresolved>|/[0-9.]+", ""));
    assertEquals(
        "proxy:80",
        proxy(hub, "https_proxy", "proxy")
            .address()
            .toString()
            .replaceAll("/<unresolved>|/[0-9.]+", ""));
    assertEquals(
        "all:1",
        proxy(hub, "ALL_PROXY", "http://all:1/")
            .address()
            .toString()
            .replaceAll("/<unresolved>|/[0-9.]+", ""));
    assertEquals(Proxy.NO_PROXY, proxy(hub, "HTTP_PROXY", "http://proxy:3128"));
  }

  @ParameterizedTest
  @CsvSource({
    "huggingface.co, true",
    ".co, true",
    "*.huggingface.co, true",
    "*, true",
    "'a.example, huggingface.co:443', true",
    "face.co, false",
    "example.org, false"
  })
  void exceptionsOfProxiesAreRead(String exceptions, boolean excepted) {
    Proxy found = proxy(
        URI.create("https://huggingface.co/x"),
        "HTTPS_PROXY",
        "http://proxy:3128",
        "NO_PROXY",
        exceptions);
    assertEquals(excepted, found == Proxy.NO_PROXY);
  }

  @Test
  void thisMachineNeedsNoProxy() {
    for (String host : new String[] {"localhost", "127.0.0.1", "[::1]"}) {
      assertEquals(
          Proxy.NO_PROXY,
          proxy(URI.create("http://" + host + ":9/x"), "HTTP_PROXY", "http://proxy:3128"));
    }
  }

  @Test
  void thePasswordOfAProxyIsForTheProxyAlone() {
    URI hub = URI.create("https://huggingface.co/x");
    HubProxy proxy = new HubProxy(
        environment("HTTPS_PROXY", "http://ada:secret@proxy:3128", "NO_PROXY", "local.example"));
    assertEquals(Optional.of("Basic YWRhOnNlY3JldA=="), proxy.authorization(hub));
    assertEquals(Optional.empty(), proxy.authorization(URI.create("https://local.example/x")));
    InvalidInputException e = assertThrows(
        InvalidInputException.class, () -> proxy(hub, "HTTPS_PROXY", "socks5://ada:secret@proxy"));
    assertEquals(
        "HTTPS_PROXY is not the address of a proxy that can be used; expected http://host:port",
        e.getMessage());
  }

  private static Proxy proxy(URI address, String... pairs) {
    return new HubProxy(environment(pairs)).select(address).get(0);
  }

  @Test
  void addressesHaveFourForms() {
    assertEquals("ada/x", HubAddress.parse("hf:ada/x").toString());
    assertEquals("ada/x@v1", HubAddress.parse("ada/x@v1").toString());
    assertEquals("ada/x:a/b.gguf", HubAddress.parse("ada/x@main:a/b.gguf").toString());
    assertEquals(new HubAddress("ada/x", "v1", Optional.of("b")), HubAddress.parse("ada/x@v1:b"));
    assertEquals(
        HubAddress.parse("ada/x@v1:b"), HubAddress.parse("ada/x").at("v1").file("b"));
    assertTrue(HubAddress.parse("_a.b-c/D_1.5").file().isEmpty());
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0 bytes",
    "999, 999 bytes",
    "1000, 1.0 kB",
    "123456, 123 kB",
    "2132896101, 2.1 GB",
    "999999999, 1.0 GB",
    "23802932552, 24 GB",
    "3000000000000, 3.0 TB"
  })
  void bytesAreToldInTheUnitsOfDisks(long bytes, String text) {
    assertEquals(text, ByteCount.of(bytes));
  }
}
