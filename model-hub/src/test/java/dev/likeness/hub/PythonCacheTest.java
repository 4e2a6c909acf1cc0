package dev.likeness.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Python's huggingface_hub downloads from the server of these tests, which shows that it answers as
 * a hub does, and both caches open in the other's offline mode. Runs where the environment variable
 * {@code LIKENESS_PYTHON}, or the path, has a Python with huggingface_hub.
 */
class PythonCacheTest {
  private static final byte[] WEIGHTS = Bytes.of(400_000, 1);
  private static final String PYTHON = System.getenv().getOrDefault("LIKENESS_PYTHON", "python3");

  @TempDir
  private Path folder;

  private LocalHub server;

  @BeforeEach
  void start() throws Exception {
    boolean there;
    try {
      there = run(Map.of(), "import huggingface_hub").status() == 0;
    } catch (IOException e) {
      there = false;
    }
    assumeTrue(
        there, PYTHON + " has no huggingface_hub; set LIKENESS_PYTHON to a Python that has it");
    server = new LocalHub();
    server
        .repository("ada/model")
        .small("model_index.json", "{\"unet\": [\"diffusers\", \"UNet2DConditionModel\"]}")
        .small("unet/config.json", "{}")
        .large("unet/diffusion_pytorch_model.safetensors", WEIGHTS);
  }

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  @Test
  void pythonDownloadsFromTheServerOfTheseTests() throws Exception {
    Outcome outcome = python(false, "print(snapshot_download('ada/model'))");
    assertEquals(0, outcome.status(), outcome.text());
    Path snapshot = snapshot();
    assertEquals(snapshot.toString(), outcome.last());
    assertArrayEquals(
        WEIGHTS, Files.readAllBytes(snapshot.resolve("unet/diffusion_pytorch_model.safetensors")));
  }

  @Test
  void whatPythonDownloadedIsUsed() throws Exception {
    Outcome outcome = python(false, "snapshot_download('ada/model')");
    assertEquals(0, outcome.status(), outcome.text());
    long before = server.downloads();
    ModelHub hub = ModelHub.open(server.settings(folder));
    assertEquals(snapshot(), hub.get("ada/model"));
    assertEquals(before, server.downloads());
    ModelHub offline = ModelHub.open(server.settings(folder).offline(true));
    assertEquals(snapshot(), offline.get("ada/model"));
    assertEquals(List.of(), offline.cache().faults("ada/model"));
  }

  @Test
  void pythonUsesWhatWasDownloaded() throws Exception {
    Path snapshot = ModelHub.open(server.settings(folder)).get("ada/model");
    long before = server.downloads();
    Outcome offline = python(true, "print(snapshot_download('ada/model'))");
    assertEquals(0, offline.status(), offline.text());
    assertEquals(snapshot.toString(), offline.last());
    Outcome online = python(
        false, "print(hf_hub_download('ada/model', 'unet/diffusion_pytorch_model.safetensors'))");
    assertEquals(0, online.status(), online.text());
    assertEquals(
        snapshot.resolve("unet/diffusion_pytorch_model.safetensors").toString(), online.last());
    assertEquals(before, server.downloads());
  }

  @Test
  void pythonsCacheManagerSeesARepository() throws Exception {
    ModelHub.open(server.settings(folder)).get("ada/model");
    Outcome outcome = python(true, """
        from huggingface_hub import scan_cache_dir
        info = scan_cache_dir()
        repo, = info.repos
        revision, = repo.revisions
        print(len(info.warnings), repo.repo_id, sorted(revision.refs), len(revision.files))""");
    assertEquals(0, outcome.status(), outcome.text());
    assertEquals("0 ada/model ['main'] 3", outcome.last());
  }

  @Test
  void bothKeepTheSharedStore() throws Exception {
    String xet = "ab" + "c".repeat(62);
    String etag = server
        .repository("ada/model")
        .file("unet/diffusion_pytorch_model.safetensors")
        .etag();
    Outcome published = python(false, """
        import os
        from huggingface_hub.utils._shared_blobs import publish_blob_to_shared_store
        snapshot_download('ada/model')
        blob = os.path.join('%s', 'models--ada--model', 'blobs', '%s')
        print(publish_blob_to_shared_store(
            blob_path=blob, xet_hash='%s', cache_dir='%s', expected_size=%d,
            replace_existing=False))""".formatted(folder, etag, xet, folder, WEIGHTS.length));
    assertEquals("True", published.last(), published.text());
    server
        .repository("bea/copy")
        .small("config.json", "{}")
        .large("diffusion_pytorch_model.safetensors", WEIGHTS)
        .xet("diffusion_pytorch_model.safetensors", xet);
    ModelHub hub = ModelHub.open(server.settings(folder));
    assertEquals(snapshot(), hub.get("ada/model"), "what Python shares is used");
    long before = server.requests().stream()
        .filter(request -> request.server().equals("storage"))
        .count();
    Path copy = hub.get("bea/copy").resolve("diffusion_pytorch_model.safetensors");
    assertEquals(
        before,
        server.requests().stream()
            .filter(request -> request.server().equals("storage"))
            .count(),
        "the weights come from the store");
    Outcome deleted = python(true, """
        from huggingface_hub import scan_cache_dir
        info = scan_cache_dir()
        model, = [repo for repo in info.repos if repo.repo_id == 'ada/model']
        info.delete_revisions(*[revision.commit_hash for revision in model.revisions]).execute()
        print(len(scan_cache_dir().repos))""");
    assertEquals("1", deleted.last(), deleted.text());
    assertArrayEquals(WEIGHTS, Files.readAllBytes(copy), "Python keeps what is linked here");
    assertEquals(List.of(), hub.cache().faults("bea/copy"));
    hub.cache().remove(hub.cache().removal("bea/copy"));
    assertFalse(Files.exists(folder.resolve("blobs/ab").resolve(xet)), "the last link is gone");
  }

  private Path snapshot() {
    return folder.resolve("models--ada--model/snapshots/" + server.repository("ada/model").commit);
  }

  private Outcome python(boolean offline, String code) throws Exception {
    return run(
        Map.of(
            "HF_ENDPOINT", server.address().toString(),
            "HF_HUB_CACHE", folder.toString(),
            "HF_HOME", folder.resolve("home").toString(),
            "HF_HUB_OFFLINE", offline ? "1" : "0",
            "HF_HUB_DISABLE_TELEMETRY", "1"),
        "from huggingface_hub import snapshot_download, hf_hub_download\n" + code);
  }

  private record Outcome(int status, String text) {
    String last() {
      List<String> lines = text.lines().toList();
      return lines.get(lines.size() - 1);
    }
  }

  private static Outcome run(Map<String, String> environment, String code) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(PYTHON, "-c", code).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    String text = new String(process.getInputStream().readAllBytes());
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
    return new Outcome(process.waitFor(), text);
  }
}
