package dev.likeness.studio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.provenance.Disclosure;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StudioOptionsTest {
  private static final StudioOptions PLAIN = StudioOptions.defaults();

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "::", "192.168.1.2", "studio.example", "127.evil.example", ""})
  void otherAddressesThanTheLoopbackInterfaceNeedAPassword(String address) {
    assertEquals(
        "other computers could reach the studio on " + address
            + " without a password; give a password or the header of a reverse proxy, or listen on"
            + " 127.0.0.1",
        message(() -> new StudioOptions(
            address,
            0,
            Optional.empty(),
            List.of(),
            1,
            OptionalInt.empty(),
            Optional.empty(),
            Disclosure.standard(),
            Optional.empty(),
            List.of(),
            List.of(),
            Optional.empty(),
            UsePolicy.NON_COMMERCIAL)));
    assertEquals(address, PLAIN.listen(address, "a long password").address());
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "127.1.2.3", "::1", "localhost"})
  void theLoopbackInterfaceNeedsNone(String address) {
    assertEquals(
        address,
        new StudioOptions(
                address,
                0,
                Optional.empty(),
                List.of(),
                1,
                OptionalInt.empty(),
                Optional.empty(),
                Disclosure.standard(),
                Optional.empty(),
                List.of(),
                List.of(),
                Optional.empty(),
                UsePolicy.NON_COMMERCIAL)
            .address());
  }

  @Test
  void refusesTwoAdaptersWithOneName() {
    assertEquals(
        "two adapters have the same file name, by which the page knows them; rename one",
        message(() -> PLAIN.adapters(List.of(
            StudioOptions.AdapterFiles.of(Path.of("a", "ip-adapter.bin")),
            StudioOptions.AdapterFiles.of(Path.of("b", "ip-adapter.bin"))))));
  }

  @Test
  void refusesValuesOutOfRangeAndNeverPrintsThePassword() {
    assertEquals(
        "the password of the studio has fewer than 12 characters; give a longer one",
        message(() -> PLAIN.listen("0.0.0.0", "short")));
    assertEquals(
        "the port must be 0 to 65535, got -1; 0 chooses a free port",
        message(() -> PLAIN.port(-1)));
    assertEquals(
        "the memory of all jobs must be at least 1 byte, got 0",
        message(() -> PLAIN.memoryBytes(0)));
    assertEquals(
        "the number of training steps must be at least 1, got 0",
        message(() -> PLAIN.trainingSteps(0)));
    assertFalse(PLAIN.listen("0.0.0.0", "correct horse").toString().contains("horse"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "<b>", "http://studio.example", "studio.example:8080", "a/b", "a..b"})
  void refusesHostNamesThatNoBrowserSends(String name) {
    assertTrue(message(() -> PLAIN.hostNames(List.of("studio.example", name)))
        .startsWith("the host name must be a name such as studio.example.org"));
  }

  private static String message(org.junit.jupiter.api.function.Executable call) {
    return assertThrows(IllegalArgumentException.class, call).getMessage();
  }

  @Test
  void takesTheHeaderOfAReverseProxyInPlaceOfAPassword() {
    StudioOptions.ProxyHeader header =
        new StudioOptions.ProxyHeader("X-Likeness-Proxy", "0123456789ab");
    assertEquals("0.0.0.0", PLAIN.listen("0.0.0.0", header).address());
    assertEquals("X-Likeness-Proxy", header.toString());
    assertEquals(
        "the secret of the proxy's header must be at least 12 visible ASCII characters, without"
            + " spaces",
        message(() -> new StudioOptions.ProxyHeader("X", "0123456789a")));
    assertEquals(
        "the name of the proxy's header must be letters, digits and hyphens, such as"
            + " X-Likeness-Proxy",
        message(() -> new StudioOptions.ProxyHeader("X:", "0123456789ab")));
  }
}
