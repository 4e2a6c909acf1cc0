package dev.likeness.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The server of {@code tools/hub/serve.py}, written apart from this library, answers as a hub does:
 * this library and Python's huggingface_hub download from it.
 */
class PythonHubTest {
  private static final byte[] WEIGHTS = Bytes.of(3_000_000, 1);

  @TempDir
  private Path folder;

  private Process server;
  private String address;

  @BeforeEach
  void start() throws Exception {
    PythonHub.assumePython();
    Path models = folder.resolve("models");
    write(models.resolve("ada/model/model_index.json"), "{\"unet\": [\"diffusers\", \"U\"]}");
    write(models.resolve("ada/model/unet/config.json"), "{}");
    Files.write(models.resolve("ada/model/unet/diffusion_pytorch_model.safetensors"), WEIGHTS);
    Files.createDirectories(models.resolve("ada/closed"));
    Files.write(models.resolve("ada/closed/a.safetensors"), Bytes.of(1000, 2));
    server = new ProcessBuilder(
            PythonHub.PYTHON,
            PythonHub.SERVER.toString(),
            models.toString(),
            "--gated",
            "ada/closed",
            "--token",
            LocalHub.TOKEN)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
    BufferedReader out = server.inputReader();
    address = out.readLine();
  }

  @AfterEach
  void stop() {
    if (server != null) {
      server.destroy();
    }
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private int python(String code) throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(PythonHub.PYTHON, "-c", code).redirectErrorStream(true);
    builder
        .environment()
        .putAll(Map.of(
            "HF_ENDPOINT",
            String.valueOf(address),
            "HF_HUB_CACHE",
            folder.resolve("of-python").toString(),
            "HF_HUB_DISABLE_XET",
            "1",
            "HF_HUB_OFFLINE",
            "0"));
    Process process = builder.redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    return process.exitValue();
  }

  private HubSettings settings() {
    return HubSettings.of(Map.of("HF_ENDPOINT", address), folder).cache(folder.resolve("cache"));
  }

  @Test
  void aFolderComesWholeAndOnce() throws IOException {
    Path got = ModelHub.open(settings()).get("ada/model");
    assertArrayEquals(
        WEIGHTS, Files.readAllBytes(got.resolve("unet/diffusion_pytorch_model.safetensors")));
    assertEquals(
        0,
        ModelHub.open(settings()).plan(HubAddress.parse("ada/model")).missing().size());
    assertEquals(List.of(), HubCache.of(settings()).faults("ada/model"));
  }

  @Test
  void aDownloadGoesOnWhereItEnded() throws IOException {
    ModelHub hub = ModelHub.open(settings());
    HubFile file = hub.plan(HubAddress.parse("ada/model")).missing().stream()
        .filter(each -> each.size() == WEIGHTS.length)
        .findFirst()
        .orElseThrow();
    CacheFolder cache = new CacheFolder(settings(), "ada/model");
    cache.create();
    Files.write(cache.unfinished(file.etag()), Arrays.copyOf(WEIGHTS, WEIGHTS.length / 2));
    Path got = hub.get("ada/model");
    assertArrayEquals(
        WEIGHTS, Files.readAllBytes(got.resolve("unet/diffusion_pytorch_model.safetensors")));
  }

  @Test
  void refusalsAreToldAsOfTheHub() {
    ModelHub hub = ModelHub.open(settings());
    assertTrue(
        refused(hub, "ada/closed").startsWith("ada/closed is gated: accept its licence at "));
    assertTrue(refused(hub, "ada/none").contains(" shows no repository ada/none to "));
    assertTrue(refused(hub, "ada/model@v2").startsWith("ada/model has no revision \"v2\""));
    Path got = ModelHub.open(settings().token(LocalHub.TOKEN)).get("ada/closed");
    assertTrue(Files.isRegularFile(got));
  }

  private static String refused(ModelHub hub, String name) {
    return assertThrows(InvalidInputException.class, () -> hub.get(name)).getMessage();
  }

  @Test
  void pythonsOwnClientDownloadsFromItAndItsCacheIsUsed() throws Exception {
    assumeTrue(python("import huggingface_hub") == 0, PythonHub.PYTHON + " has no huggingface_hub");
    assertEquals(
        0, python("from huggingface_hub import snapshot_download as get; get('ada/model')"));
    Path got = ModelHub.open(settings().cache(folder.resolve("of-python")).offline(true))
        .get("ada/model");
    assertArrayEquals(
        WEIGHTS, Files.readAllBytes(got.resolve("unet/diffusion_pytorch_model.safetensors")));
  }
}
