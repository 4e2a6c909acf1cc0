package dev.likeness.spark;

import dev.likeness.diffusion.error.ResourceLimitException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/** Erases a person from the output folder of jobs. */
final class SubjectErasure {
  private SubjectErasure() {}

  static ErasureReceipt erase(Configuration configuration, String out, String givenId) {
    // As PersonRow reads ids.
    String id = givenId.strip();
    SharedFiles files = new SharedFiles(configuration);
    JobFolders folders = new JobFolders(new Path(out));
    Path work = folders.work(id);
    Path person = folders.person(id);
    try {
      List<FileStatus> unfinished = files.listAll(work);
      List<FileStatus> finished = files.listAll(person);
      // First the work: a task that finds its mark gone does not write the finished files.
      files.delete(work);
      files.delete(person);
      ErasureReceipt receipt = new ErasureReceipt(
          id,
          Instant.now().toString(),
          out,
          finished.size(),
          unfinished.size(),
          bytes(unfinished) + bytes(finished));
      files.createPrivateFolder(folders.receipts());
      files.writeOnce(
          new Path(folders.receipts(), UUID.randomUUID() + ".json"),
          (receipt.toJson() + "\n").getBytes(StandardCharsets.UTF_8));
      return receipt;
    } catch (IOException e) {
      throw unusable(out, e);
    }
  }

  private static long bytes(List<FileStatus> files) {
    return files.stream().mapToLong(FileStatus::getLen).sum();
  }

  static ResourceLimitException unusable(String out, IOException cause) {
    return new ResourceLimitException(
        "cannot change files in " + out + ": " + cause.getMessage()
            + "; correct the output folder or its permissions",
        cause);
  }
}
