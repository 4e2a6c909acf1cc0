package dev.likeness.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.LikenessException;
import dev.likeness.diffusion.error.ResourceLimitException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A hub with which no connection is possible has a sentence for each reason. */
class UnreachableHubTest {
  @TempDir
  private Path cache;

  private HubSettings settings() {
    return HubSettings.of(Map.of(), cache)
        .cache(cache)
        .patience(new HubSettings.Patience(
            Duration.ofSeconds(5), Duration.ofMillis(400), Duration.ofMillis(5)));
  }

  @Test
  void aHubThatCannotBeReached() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    ModelHub none = ModelHub.open(settings().endpoint(URI.create("http://127.0.0.1:" + port)));
    assertEquals(
        "cannot connect to 127.0.0.1 (2 attempts); check the network, HF_ENDPOINT and HTTPS_PROXY,"
            + " or use the cache alone with HF_HUB_OFFLINE=1",
        assertThrows(ResourceLimitException.class, () -> none.get("ada/single")).getMessage());
  }

  @Test
  void aHubWhoseNameIsNotKnown() {
    ModelHub none = ModelHub.open(settings().endpoint(URI.create("http://hub.invalid")));
    assertEquals(
        "hub.invalid is not known here; check the network, HF_ENDPOINT and HTTPS_PROXY, or use the"
            + " cache alone with HF_HUB_OFFLINE=1",
        assertThrows(ResourceLimitException.class, () -> none.get("ada/single")).getMessage());
  }

  @Test
  void aServerThatSpeaksNoTls() throws IOException {
    try (ServerSocket plain = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      Thread answers = new Thread(() -> answerPlainly(plain));
      answers.setDaemon(true);
      answers.start();
      ModelHub wrong = ModelHub.open(
          settings().endpoint(URI.create("https://127.0.0.1:" + plain.getLocalPort())));
      LikenessException e =
          assertThrows(ResourceLimitException.class, () -> wrong.get("ada/single"));
      assertTrue(
          e.getMessage().startsWith("127.0.0.1 cannot prove who it is (")
              && e.getMessage()
                  .endsWith("): a proxy may open the connection; add its certificate to Java's"
                      + " trust store, or check the clock of this machine"),
          e.getMessage());
    }
  }

  private static void answerPlainly(ServerSocket server) {
    try {
      while (true) {
        try (Socket client = server.accept()) {
          client.getInputStream().read(new byte[100]);
          client.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes());
        }
      }
    } catch (IOException e) {
      // The test is over.
    }
  }

  @Test
  void aServerThatDoesNotAnswer() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      ModelHub hub = ModelHub.open(settings()
          .endpoint(URI.create("http://127.0.0.1:" + silent.getLocalPort()))
          .patience(new HubSettings.Patience(
              Duration.ofMillis(100), Duration.ofMillis(100), Duration.ofMillis(1))));
      assertEquals(
          "127.0.0.1 does not answer (5 attempts); check the network and HTTPS_PROXY, or try later",
          assertThrows(ResourceLimitException.class, () -> hub.get("ada/single"))
              .getMessage());
    }
  }
}
