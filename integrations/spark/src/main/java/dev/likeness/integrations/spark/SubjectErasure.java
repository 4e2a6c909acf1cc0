package dev.likeness.integrations.spark;

import dev.likeness.diffusion.error.ResourceLimitException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/** Erases a person from the output folder of jobs. */
final class SubjectErasure {
  private SubjectErasure() {}

  static ErasureReceipt erase(
      Configuration configuration,
      String out,
      String givenId,
      Optional<ErasureReceipt.Signer> signer) {
    // As PersonRow reads ids.
    String id = givenId.strip();
    SharedFiles files = new SharedFiles(configuration);
    JobFolders folders = new JobFolders(new Path(out));
    Path work = folders.work(id);
    Path person = folders.person(id);
    try {
      // First the mark: a task that finds it, or its own mark gone, does not write.
      new Tombstones(files, folders).erase(id);
      List<FileStatus> unfinished = files.listAll(work);
      List<FileStatus> finished = files.listAll(person);
      files.delete(work);
      files.delete(person);
      ErasureReceipt unsigned = new ErasureReceipt(
          id,
          Instant.now().toString(),
          out,
          finished.size(),
          unfinished.size(),
          bytes(unfinished) + bytes(finished),
          Optional.empty());
      ErasureReceipt receipt = signer.map(by -> by.sign(unsigned)).orElse(unsigned);
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
