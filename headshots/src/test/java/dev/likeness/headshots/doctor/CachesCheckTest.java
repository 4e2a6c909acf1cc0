package dev.likeness.headshots.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.headshots.doctor.Doctor.Diagnosis;
import java.io.IOException;
import java.nio.file.Path;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;

class CachesCheckTest {
  private final String home = System.getProperty("user.home");

  @AfterEach
  void comeHome() {
    System.setProperty("user.home", home);
    System.clearProperty("DJL_CACHE_DIR");
  }

  @Test
  @DisabledIfEnvironmentVariable(
      named = "DJL_CACHE_DIR",
      matches = ".+",
      disabledReason = "it counts before the property")
  void checksTheConfiguredCacheFolders(@TempDir Path folder) throws IOException {
    String known = Loader.getCacheDir().toString();
    System.setProperty("user.home", folder.resolve("nowhere").toString());
    assertTrue(
        NativesCheck.CachesCheck.diagnoses().get(0).text().startsWith(known + ", "),
        NativesCheck.CachesCheck.diagnoses()::toString);
    assertTrue(
        NativesCheck.CachesCheck.diagnoses()
            .get(1)
            .text()
            .startsWith(System.getProperty("java.io.tmpdir")),
        NativesCheck.CachesCheck.diagnoses()::toString);
    System.setProperty("DJL_CACHE_DIR", folder.resolve("djl").toString());
    assertTrue(
        NativesCheck.CachesCheck.diagnoses()
            .get(1)
            .text()
            .startsWith(folder.resolve("djl") + ", not created yet"),
        NativesCheck.CachesCheck.diagnoses()::toString);
    assertEquals(Diagnosis.State.OK, NativesCheck.CachesCheck.diagnoses().get(1).state());
  }
}
