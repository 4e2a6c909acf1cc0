package dev.likeness.studio.internal.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.catalogue.ModelCatalogue;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The models of the catalogue over HTTP; a download is asked for, shown, stopped and continued. */
class StudioModelsTest {
  @TempDir
  private Path folder;

  @Test
  void listsTheCatalogueWithWhatIsHereFirst() {
    try (RunningStudio studio = RunningStudio.withoutBase(folder)) {
      List<?> models = (List<?>) studio.get("/api/models").json().get("models");
      assertEquals(ModelCatalogue.builtIn().models().size(), models.size());
      Map<?, ?> first = (Map<?, ?>) models.get(0);
      assertEquals(KnownModels.HERE, first.get("name"));
      assertEquals(true, first.get("here"));
      assertEquals(true, first.get("fits"));
      assertEquals("yes", first.get("commercial"));
      assertFalse(((List<?>) first.get("sources")).isEmpty());
      assertEquals(false, ((Map<?, ?>) models.get(1)).get("here"));
    }
  }

  @Test
  void downloadsOnlyWhatWasAskedForAndShownBefore() {
    try (RunningStudio studio = RunningStudio.withoutBase(folder)) {
      String path = "/api/models/" + KnownModels.GETTABLE;
      assertEquals(409, studio.post(path, Map.of("action", "get")).status());
      RunningStudio.Reply planned = studio.post(path, Map.of("action", "plan"));
      assertEquals(202, planned.status(), planned::error);
      Map<?, ?> known = model(studio);
      assertEquals(5L << 30, ((Number) known.get("missing_bytes")).longValue());
      assertEquals("hub.example", known.get("host"));
      assertEquals("openrail++", known.get("stated_licence"));
      assertFalse(known.containsKey("download"), "asking for the size downloads nothing");

      assertEquals(202, studio.post(path, Map.of("action", "get")).status());
      assertEquals(409, studio.post(path, Map.of("action", "get")).status());
      RunningStudio.await(() -> step(studio) > 0, "the download runs");
      assertEquals(202, studio.post(path, Map.of("action", "pause")).status());
      RunningStudio.await(
          () -> "paused".equals(((Map<?, ?>) model(studio).get("download")).get("state")),
          "the download is stopped");
      assertEquals(202, studio.post(path, Map.of("action", "get")).status());
      RunningStudio.await(() -> Boolean.TRUE.equals(model(studio).get("here")), "it is here");
      assertFalse(model(studio).containsKey("download"));
    }
  }

  @Test
  void saysWhatTheHostSaid() {
    try (RunningStudio studio = RunningStudio.withoutBase(folder)) {
      RunningStudio.Reply refused = studio.post("/api/models/sd21", Map.of("action", "plan"));
      assertEquals(503, refused.status());
      assertEquals("the hub cannot be reached; check the network", refused.error());
      assertEquals(
          404, studio.post("/api/models/none", Map.of("action", "plan")).status());
      assertEquals(
          404, studio.post("/api/models/.hidden", Map.of("action", "plan")).status());
      assertEquals(
          400, studio.post("/api/models/sd15", Map.of("action", "sell")).status());
      assertTrue(studio.get("/api/models").json().get("can_get").equals(true));
    }
  }

  private static Map<?, ?> model(RunningStudio studio) {
    return ((List<?>) studio.get("/api/models").json().get("models"))
        .stream()
            .map(one -> (Map<?, ?>) one)
            .filter(one -> one.get("name").equals(KnownModels.GETTABLE))
            .findFirst()
            .orElseThrow();
  }

  private static int step(RunningStudio studio) {
    return model(studio).get("download") instanceof Map<?, ?> download
        ? ((Number) download.get("step")).intValue()
        : 0;
  }
}
