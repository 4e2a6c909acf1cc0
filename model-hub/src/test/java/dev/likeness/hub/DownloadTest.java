package dev.likeness.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files come whole, under the names of the cache of huggingface_hub, whatever the network does. */
class DownloadTest {
  private static final byte[] WEIGHTS = Bytes.of(300_000, 1);

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

  private ModelHub hub() {
    return ModelHub.open(server.settings(cache));
  }

  private TestHub.Repository single() {
    return server.repository("ada/single").large("model.safetensors", WEIGHTS);
  }

  @Test
  void aSingleFileComesWithTheLayoutOfTheCache() throws IOException {
    TestHub.Repository repository = single();
    Path file = hub().get("ada/single");
    Path folder = cache.resolve("models--ada--single");
    assertEquals(folder.resolve("snapshots/" + repository.commit + "/model.safetensors"), file);
    String etag = repository.file("model.safetensors").etag();
    assertEquals(Path.of("../../blobs/" + etag), Files.readSymbolicLink(file));
    assertArrayEquals(WEIGHTS, Files.readAllBytes(folder.resolve("blobs").resolve(etag)));
    assertEquals(repository.commit, Files.readString(folder.resolve("refs/main")));
    assertEquals(List.of(etag), names(folder.resolve("blobs")));
  }

  @Test
  void aSecondCallDownloadsNothing() {
    single();
    Path file = hub().get("ada/single");
    long before = server.downloads();
    assertEquals(file, hub().get("hf:ada/single"));
    assertEquals(before, server.downloads());
  }

  @Test
  void smallFilesAreCheckedByTheirGitId() throws IOException {
    server.repository("ada/config").small("a/notes.json", "{}");
    Path file = hub().get("ada/config:a/notes.json");
    assertEquals("{}", Files.readString(file));
    assertEquals(
        Path.of("../../../blobs/9e26dfeeb6e641a33dae4961196235bdb965b21b"),
        Files.readSymbolicLink(file),
        "git hash-object of {}");
  }

  @Test
  void anEmptyFileIsAFile() throws IOException {
    server.repository("ada/empty").small("none.txt", "");
    assertEquals(0, Files.size(hub().get("ada/empty:none.txt")));
  }

  @Test
  void namesWithSpacesAndPlusSignsAreEncoded() throws IOException {
    server.repository("ada/names").large("a b/c+d #1.safetensors", WEIGHTS);
    Path file = hub().get("ada/names:a b/c+d #1.safetensors");
    assertArrayEquals(WEIGHTS, Files.readAllBytes(file));
  }

  @Test
  void revisionsHaveRefsOfTheirOwn() throws IOException {
    TestHub.Repository repository = single();
    hub().get("ada/single@refs/pr/1");
    hub().get("ada/single@v1.0");
    hub().get("ada/single@" + repository.commit);
    Path refs = cache.resolve("models--ada--single/refs");
    assertEquals(repository.commit, Files.readString(refs.resolve("refs/pr/1")));
    assertEquals(repository.commit, Files.readString(refs.resolve("v1.0")));
    assertFalse(Files.exists(refs.resolve(repository.commit)), "a commit needs no ref");
  }

  @Test
  void equalFilesAreOneBlob() {
    server
        .repository("ada/equal")
        .small("config.json", "{}")
        .small("copy.json", "{}")
        .large("model.safetensors", WEIGHTS);
    hub().get("ada/equal");
    hub().get("ada/equal:copy.json");
    assertEquals(
        1,
        server.requests().stream()
            .filter(request -> request.method().equals("GET") && request.path().endsWith(".json"))
            .count());
  }

  @Test
  void listsOfSeveralPagesAreRead() {
    TestHub.Repository repository = single();
    for (int i = 0; i < 25; i++) {
      repository.small("notes/" + i + ".txt", "note " + i);
    }
    server.pageSize(7);
    assertEquals(26, hub().repository(HubAddress.parse("ada/single")).files().size());
  }

  @Test
  void theHubsFactsAreTold() {
    server.repository("ada/gated").large("model.safetensors", WEIGHTS).gated().licence("mit");
    HubRepository found = hub().repository(HubAddress.parse("ada/gated"));
    assertTrue(found.gated());
    assertEquals("mit", found.licence().orElseThrow());
    assertEquals(WEIGHTS.length, found.file("model.safetensors").orElseThrow().size());
    assertTrue(found.file("other").isEmpty());
  }

  @Test
  void aLicenceWithEscapeSequencesIsQuoted() {
    server.repository("ada/evil").licence("mit\u001b[2J\nkind base");
    assertEquals(
        "mit\\u001b[2J\\u000akind base",
        hub().repository(HubAddress.parse("ada/evil")).licence().orElseThrow());
  }

  @Test
  void aGatedRepositoryComesWithItsToken() {
    server.repository("ada/gated").large("model.safetensors", WEIGHTS).gated();
    ModelHub hub = ModelHub.open(server.settings(cache).token(TestHub.TOKEN));
    assertTrue(Files.exists(hub.get("ada/gated")));
    assertTrue(server.requests().stream()
        .filter(request -> request.server().equals("hub"))
        .allMatch(request -> request.token().equals("Bearer " + TestHub.TOKEN)));
    assertTrue(
        server.requests().stream()
            .filter(request -> request.server().equals("storage"))
            .allMatch(request -> request.token() == null),
        "the token is the hub's alone");
  }

  @Test
  void aCutConnectionIsContinued() throws IOException {
    single();
    server.next(
        "storage",
        "ada/single:model.safetensors",
        Scripted.cutOff(0.5),
        Scripted.cutOff(0.5),
        Scripted.cutOff(0));
    assertArrayEquals(WEIGHTS, Files.readAllBytes(hub().get("ada/single")));
    List<String> ranges = server.requests().stream()
        .filter(request -> request.server().equals("storage"))
        .map(request -> String.valueOf(request.range()))
        .toList();
    assertEquals(List.of("null", "bytes=150000-", "bytes=225000-", "bytes=225000-"), ranges);
  }

  @Test
  void aStalledConnectionIsContinued() throws IOException {
    single();
    server.next("storage", "ada/single:model.safetensors", Scripted.stall(0.25));
    assertArrayEquals(WEIGHTS, Files.readAllBytes(hub().get("ada/single")));
  }

  @Test
  void aSlowConnectionIsNoStalledOne() throws IOException {
    single();
    server.next("storage", "ada/single:model.safetensors", Scripted.slow(10, 60));
    assertArrayEquals(WEIGHTS, Files.readAllBytes(hub().get("ada/single")));
    assertEquals(2, server.downloads(), "one answer of the hub, one of the storage");
  }

  @Test
  void aSignedAddressThatRanOutIsAskedForAgain() throws IOException {
    single();
    server.next(
        "storage",
        "ada/single:model.safetensors",
        Scripted.cutOff(0.5),
        Scripted.status(403),
        Scripted.status(401));
    assertArrayEquals(WEIGHTS, Files.readAllBytes(hub().get("ada/single")));
    assertEquals(8, server.downloads(), "each attempt asks the hub first");
  }

  @Test
  void aServerWithoutRangesBeginsAgain() throws IOException {
    single();
    server.next(
        "storage", "ada/single:model.safetensors", Scripted.cutOff(0.5), Scripted.bytes(WEIGHTS));
    assertArrayEquals(WEIGHTS, Files.readAllBytes(hub().get("ada/single")));
  }

  @Test
  void aRangeThatBeginsElsewhereIsNotUsed() throws IOException {
    single();
    server.next(
        "storage",
        "ada/single:model.safetensors",
        Scripted.cutOff(0.5),
        Scripted.answer(
            206,
            Map.of("Content-Range", "bytes 10-299999/300000"),
            Arrays.copyOfRange(WEIGHTS, 10, WEIGHTS.length)));
    assertArrayEquals(WEIGHTS, Files.readAllBytes(hub().get("ada/single")));
  }

  @Test
  void arangeThatCannotBeGivenBeginsAgain() throws IOException {
    single();
    server.next(
        "storage", "ada/single:model.safetensors", Scripted.cutOff(0.5), Scripted.status(416));
    assertArrayEquals(WEIGHTS, Files.readAllBytes(hub().get("ada/single")));
  }

  @Test
  void serversThatAreNotReadyAreAskedAgain() throws IOException {
    single();
    server.next("hub", "ada/single revision", Scripted.status(503), Scripted.status(500));
    server.next("hub", "ada/single tree", Scripted.status(502));
    server.next("hub", "ada/single:model.safetensors", Scripted.status(504));
    server.next("storage", "ada/single:model.safetensors", Scripted.status(503));
    assertArrayEquals(WEIGHTS, Files.readAllBytes(hub().get("ada/single")));
  }

  @Test
  void aBusyHubIsGivenTheTimeThatItAsksFor() throws IOException {
    single();
    server.next(
        "hub", "ada/single revision", Scripted.status(429, Map.of("RateLimit", "\"api\";r=0;t=1")));
    long start = System.nanoTime();
    hub().get("ada/single");
    assertTrue(System.nanoTime() - start > 900_000_000L, "one second was asked for");
  }

  @Test
  void anUnfinishedDownloadIsContinuedByAnotherCall() throws IOException {
    TestHub.Repository repository = single();
    String etag = repository.file("model.safetensors").etag();
    Path blobs = Files.createDirectories(cache.resolve("models--ada--single/blobs"));
    Files.write(blobs.resolve(etag + ".likeness.part"), Arrays.copyOf(WEIGHTS, 200_000));
    assertArrayEquals(WEIGHTS, Files.readAllBytes(hub().get("ada/single")));
    assertTrue(
        server.requests().stream().anyMatch(request -> "bytes=200000-".equals(request.range())));
  }

  @Test
  void anUnfinishedDownloadThatIsDamagedBeginsAgain() throws IOException {
    TestHub.Repository repository = single();
    String etag = repository.file("model.safetensors").etag();
    Path blobs = Files.createDirectories(cache.resolve("models--ada--single/blobs"));
    Files.write(blobs.resolve(etag + ".likeness.part"), new byte[200_000]);
    assertArrayEquals(WEIGHTS, Files.readAllBytes(hub().get("ada/single")));
    Files.delete(blobs.resolve(etag));
    Files.write(blobs.resolve(etag + ".likeness.part"), new byte[400_000]);
    assertArrayEquals(WEIGHTS, Files.readAllBytes(hub().get("ada/single")));
  }

  @Test
  void unfinishedDownloadsOfPythonAreLeftAlone() throws IOException {
    TestHub.Repository repository = single();
    String etag = repository.file("model.safetensors").etag();
    Path blobs = Files.createDirectories(cache.resolve("models--ada--single/blobs"));
    Path python = Files.write(blobs.resolve(etag + ".0a1b2c3d.incomplete"), new byte[7]);
    hub().get("ada/single");
    assertEquals(7, Files.size(python));
  }

  @Test
  void manyFilesComeAtOnce() throws IOException {
    TestHub.Repository repository = folder("ada/folder");
    Path folder = hub().get("ada/folder");
    for (String name : List.of("model_index.json", "unet/config.json", "vae/config.json")) {
      assertArrayEquals(
          repository.file(name).bytes(), Files.readAllBytes(folder.resolve(name)), name);
    }
  }

  private TestHub.Repository folder(String name) {
    return server
        .repository(name)
        .small("model_index.json", """
            {"_class_name": "StableDiffusionPipeline",
             "unet": ["diffusers", "UNet2DConditionModel"],
             "vae": ["diffusers", "AutoencoderKL"]}""")
        .small("unet/config.json", "{\"a\": 1}")
        .large("unet/diffusion_pytorch_model.safetensors", WEIGHTS)
        .small("vae/config.json", "{\"b\": 1}")
        .large("vae/diffusion_pytorch_model.safetensors", Bytes.of(1000, 2));
  }

  @Test
  void aFailureLeavesNoSnapshot() {
    folder("ada/folder");
    server.next("hub", "ada/folder:vae/config.json", Scripted.bytes("{\"c\": 1}".getBytes()));
    assertThrows(InvalidInputException.class, () -> hub().get("ada/folder"));
    assertFalse(Files.exists(cache.resolve("models--ada--folder/snapshots")));
    assertFalse(Files.exists(cache.resolve("models--ada--folder/refs")));
  }

  @Test
  void progressIsToldInMebibytesAndEndsOnce() {
    server.repository("ada/big").large("model.safetensors", Bytes.of(3_500_000, 3));
    List<ProgressEvent> events = new ArrayList<>();
    hub().get("ada/big", Run.of(events::add));
    assertEquals(new ProgressEvent.Phase("download", 4), events.get(0));
    ProgressEvent.Step last =
        assertInstanceOf(ProgressEvent.Step.class, events.get(events.size() - 2));
    assertEquals(4, last.step());
    assertInstanceOf(ProgressEvent.Done.class, events.get(events.size() - 1));
  }

  @Test
  void aDownloadCanBeCancelled() {
    single();
    server.next("storage", "ada/single:model.safetensors", Scripted.slow(100, 50));
    Cancellation cancellation = new Cancellation();
    List<ProgressEvent> events = new ArrayList<>();
    Run run = new Run(
        event -> {
          events.add(event);
          if (event instanceof ProgressEvent.Phase) {
            new Thread(() -> {
                  pause(200);
                  cancellation.cancel();
                })
                .start();
          }
        },
        cancellation);
    long start = System.nanoTime();
    assertThrows(CancelledException.class, () -> hub().get("ada/single", run));
    assertTrue(
        System.nanoTime() - start < 3_000_000_000L, "long before the download's five seconds");
    assertInstanceOf(ProgressEvent.Cancelled.class, events.get(events.size() - 1));
  }

  @Test
  void twoHubsDownloadAFileOnce() throws Exception {
    single();
    server.next("storage", "ada/single:model.safetensors", Scripted.late(300));
    ExecutorService threads = Executors.newFixedThreadPool(3);
    List<Callable<Path>> calls = List.of(
        () -> hub().get("ada/single"),
        () -> hub().get("ada/single"),
        () -> hub().get("ada/single"));
    for (Future<Path> path : threads.invokeAll(calls)) {
      assertArrayEquals(WEIGHTS, Files.readAllBytes(path.get()));
    }
    threads.shutdown();
    assertEquals(2, server.downloads());
  }

  @Test
  void aFullDiskIsToldBefore() {
    server.repository("ada/huge").large("model.safetensors", WEIGHTS);
    server.next(
        "hub",
        "ada/huge tree",
        Scripted.json(List.of(Map.of(
            "type",
            "file",
            "path",
            "model.safetensors",
            "size",
            134,
            "oid",
            "0".repeat(40),
            "lfs",
            Map.of("oid", "a".repeat(64), "size", 1L << 60)))));
    ResourceLimitException e =
        assertThrows(ResourceLimitException.class, () -> hub().get("ada/huge"));
    assertTrue(
        e.getMessage()
            .matches("the files need 1152922 TB in .*, but its disk has .* free; make room, or set"
                + " HF_HUB_CACHE to a folder on another disk"),
        e.getMessage());
    assertEquals(0, server.downloads());
  }

  @Test
  void offlineTheCacheAnswersAlone() {
    TestHub.Repository repository = single();
    Path file = hub().get("ada/single");
    long before = server.requests().size();
    ModelHub offline = ModelHub.open(server.settings(cache).offline(true));
    assertEquals(file, offline.get("ada/single"));
    assertEquals(file, offline.get("ada/single@" + repository.commit));
    assertEquals(file, offline.get("ada/single:model"));
    assertEquals(before, server.requests().size());
    InvalidInputException e =
        assertThrows(InvalidInputException.class, () -> offline.get("ada/other"));
    assertEquals(
        "ada/other is not in the cache " + cache
            + ", and HF_HUB_OFFLINE is set; unset it and get the model once",
        e.getMessage());
    InvalidInputException asked = assertThrows(
        InvalidInputException.class, () -> offline.plan(HubAddress.parse("ada/single")));
    assertEquals(
        "HF_HUB_OFFLINE is set, so ada/single is not asked for; unset it to use the network",
        asked.getMessage());
  }

  @Test
  void aPlanDownloadsNothing() {
    folder("ada/folder");
    DownloadPlan plan = hub().plan(HubAddress.parse("ada/folder"));
    assertEquals(5, plan.files().size());
    assertEquals(plan.files(), plan.missing());
    assertEquals(plan.bytes(), plan.missingBytes());
    assertFalse(Files.exists(cache.resolve("models--ada--folder")));
    Path folder = hub().get(plan);
    assertTrue(Files.exists(folder.resolve("unet/diffusion_pytorch_model.safetensors")));
    assertEquals(List.of(), hub().plan(HubAddress.parse("ada/folder")).missing());
  }

  @Test
  void aBlobOfTheSharedStoreIsLinked() throws IOException {
    TestHub.Repository repository = single();
    String xet = "ab" + "c".repeat(62);
    repository.xet("model.safetensors", xet);
    Path store = Files.createDirectories(cache.resolve("blobs/ab"));
    Files.writeString(cache.resolve("blobs/.huggingface-shared-blobs"), "1\n");
    Files.write(store.resolve(xet), WEIGHTS);
    Path file = hub().get("ada/single");
    assertArrayEquals(WEIGHTS, Files.readAllBytes(file));
    assertEquals(0, server.downloads());
    String etag = repository.file("model.safetensors").etag();
    Path blob = cache.resolve("models--ada--single/blobs").resolve(etag);
    assertEquals(Path.of("../../blobs/ab/" + xet), Files.readSymbolicLink(blob));
    assertEquals(
        "models--ada--single/blobs/" + etag + "\n", Files.readString(store.resolve(xet + ".refs")));
  }

  @Test
  void aBlobOfTheSharedStoreWithOtherContentIsNotUsed() throws IOException {
    TestHub.Repository repository = single();
    String xet = "ab" + "c".repeat(62);
    repository.xet("model.safetensors", xet);
    Path store = Files.createDirectories(cache.resolve("blobs/ab"));
    Files.writeString(cache.resolve("blobs/.huggingface-shared-blobs"), "1\n");
    Files.write(store.resolve(xet), new byte[WEIGHTS.length]);
    assertArrayEquals(WEIGHTS, Files.readAllBytes(hub().get("ada/single")));
    assertEquals(2, server.downloads());
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  private static void pause(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
