package dev.likeness.vault;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.vault.key.WrappingKey;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SubjectWorkTest {
  @TempDir
  private Path folder;

  @Test
  void erasingOneSubjectCancelsNoOtherWork() {
    try (SubjectStore store = SubjectStore.open(
        folder.resolve("store"), WrappingKey.createFile(folder.resolve("key.txt")))) {
      Subject ada = store.create(Consent.of("Ada: yes"));
      Subject bob = store.create(Consent.of("Bob: yes"));
      Cancellation all = new Cancellation();
      SubjectWork.callWhileRegistered(bob, all, ofBob -> {
        assertThrows(
            CancelledException.class,
            () -> SubjectWork.callWhileRegistered(ada, all, ofAda -> {
              SubjectWork.callWhileRegistered(ada, all, sooner -> null);
              ada.erase();
              ofAda.throwIfCancelled();
              return null;
            }));
        assertFalse(ofBob.isCancelled() || all.isCancelled());
        all.cancel();
        assertTrue(ofBob.isCancelled());
        return null;
      });
    }
  }
}
