package dev.likeness.studio.internal.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.golden.PipelineFolder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A base that edits images shows a person without training. */
class EditingBaseTest {
  @TempDir
  private Path folder;

  @Test
  void showsPhotosToTheBaseInsteadOfTraining() throws Exception {
    Path klein = PipelineFolder.write("klein/base", folder).path();
    try (RunningStudio studio = RunningStudio.on(klein, folder)) {
      String person = "/api/people/"
          + studio
              .post("/api/people", Map.of("agreed", true, "sample", true))
              .json()
              .get("id");
      for (byte[] photo : RunningStudio.samples().subList(0, 3)) {
        assertEquals(201, studio.upload(person + "/photos?name=a.jpg", photo).status());
      }
      assertEquals(3, studio.get(person).json().get("photos"), "equal names do not replace photos");
      List<?> methods = (List<?>) studio.get(person + "/training").json().get("methods");
      assertTrue(methods.contains(Map.of("method", "references", "preset", "")), methods::toString);
      RunningStudio.Reply started =
          studio.post(person + "/training", Map.of("action", "start", "method", "references"));
      assertEquals(202, started.status(), started::error);
      RunningStudio.await(
          () -> {
            Map<String, Object> now = studio.get(person + "/training").json();
            assertTrue(!"failed".equals(now.get("state")), now::toString);
            return "none".equals(now.get("state"));
          },
          "the reference images are chosen");
      assertEquals(true, studio.get(person).json().get("trained"));
    }
  }
}
