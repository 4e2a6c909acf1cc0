package dev.likeness.diffusion.internal.text;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;

/**
 * Keeps DJL away from the network while a tokenizer is made: it would otherwise look for CUDA,
 * fetch natives and report its use. The settings are DJL's system properties, so they are put back
 * at once; a user's own choice is kept.
 */
final class Offline {
  private static final Map<String, String> SETTINGS = new TreeMap<>(
      Map.of("ai.djl.offline", "true", "OPT_OUT_TRACKING", "true", "RUST_FLAVOR", "cpu"));

  private Offline() {}

  static synchronized <T> T call(Callable<T> making) {
    Map<String, String> changed = new TreeMap<>();
    SETTINGS.forEach((name, value) -> {
      if (System.getProperty(name) == null && System.getenv(name) == null) {
        changed.put(name, value);
        System.setProperty(name, value);
      }
    });
    try {
      return making.call();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e.getMessage(), e);
    } finally {
      changed.keySet().forEach(System::clearProperty);
    }
  }
}
