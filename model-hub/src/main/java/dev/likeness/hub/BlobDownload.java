package dev.likeness.hub;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.internal.io.CurrentWork;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The download of one blob. It goes on after the bytes that an earlier download left, compares
 * length and digest with those that are expected, and then gives the file its name in one step.
 * Each attempt asks the site again, because the address of a large file is signed for a short time.
 */
final class BlobDownload {
  private static final Pattern RANGE = Pattern.compile("bytes (\\d{1,18})-\\d+/(\\d{1,18}|\\*)");

  private final HubClient client;
  private final BlobPlace place;
  private final HubFile file;
  private final URI address;
  private final HubFailures.Subject subject;
  private final Source source;
  private AtomicLong received = new AtomicLong();
  private BlobHash hash;
  private long have;
  private boolean wrong;

  /**
   * Where the expected length and digest come from, for messages.
   *
   * @param digest who gave the digest
   * @param length where the length stands
   * @param hasEtags true if an ETag that is a digest is that of the file
   * @param advice what to check if an answer differs
   */
  record Source(String digest, String length, boolean hasEtags, String advice) {
    static final Source HUB =
        new Source("that the hub gives", "in the hub's list of files", true, "check HF_ENDPOINT");
    static final Source WEB =
        new Source("that was expected", "in the first answer", false, "check the address");
  }

  /** Prepares a download. */
  BlobDownload(
      HubClient client,
      BlobPlace place,
      HubFile file,
      URI address,
      HubFailures.Subject subject,
      Source source) {
    this.client = client;
    this.place = place;
    this.file = file;
    this.address = address;
    this.subject = subject;
    this.source = source;
  }

  /** Returns the length of the file. */
  long size() {
    return file.size();
  }

  /**
   * Downloads the blob, unless it is there.
   *
   * @param counter counts the bytes of all downloads
   */
  void run(AtomicLong counter) {
    received = counter;
    place.locked(file.etag(), () -> {
      Path blob = place.blob(file.etag());
      if (Files.isRegularFile(blob) && isWhole(blob)
          || place.linkFromStore(file, CurrentWork::throwIfCancelled)) {
        received.addAndGet(file.size());
        return;
      }
      Path part = place.unfinished(file.etag());
      try {
        fill(part);
        Files.move(part, blob, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        AtomicFile.force(blob.getParent());
      } catch (IOException e) {
        throw place.unusable(part, e);
      }
    });
  }

  private boolean isWhole(Path blob) {
    try {
      return Files.size(blob) == file.size();
    } catch (IOException e) {
      return false;
    }
  }

  private void fill(Path part) throws IOException {
    boolean again = Files.exists(part);
    while (true) {
      resume(part);
      try {
        download(part);
      } finally {
        if (wrong) {
          Files.delete(part);
        }
      }
      if (hash.hex().equals(file.etag())) {
        return;
      }
      Files.delete(part);
      received.addAndGet(-have);
      // What an earlier download left may be damaged, as after a power failure.
      if (!again) {
        throw new InvalidInputException(subject + " does not have the digest " + source.digest()
            + " (" + file.etag()
            + "); nothing was kept: download it again, and check your proxy if it"
            + " fails again");
      }
      again = false;
    }
  }

  private void resume(Path part) throws IOException {
    hash = BlobHash.like(file.etag(), file.size());
    have = 0;
    if (Files.exists(part)) {
      if (Files.size(part) > file.size()) {
        Files.delete(part);
      } else {
        hash.update(part, CurrentWork::throwIfCancelled);
        have = Files.size(part);
        received.addAndGet(have);
      }
    }
  }

  private void download(Path part) throws IOException {
    HubClient.Attempts attempts = client.attempts();
    try (FileChannel out =
        FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      while (have < file.size() || file.size() == 0) {
        long before = have;
        try {
          attempt(out);
          if (file.size() == 0) {
            break;
          }
        } catch (WriteFailure e) {
          throw e.reason;
        } catch (IOException e) {
          if (have > before) {
            attempts.progressed();
          }
          attempts.after(e, address);
        }
      }
      out.force(true);
    }
  }

  private void attempt(FileChannel out) throws IOException {
    boolean from = have > 0;
    try (HubClient.Answer answer = client.get(
        address, subject, from ? Optional.of("bytes=" + have + "-") : Optional.empty())) {
      requireSame(answer);
      if (answer.status() == 416 || from && !continues(answer)) {
        restart(out);
        if (answer.status() == 416 || answer.status() == 206) {
          // The rest of another file; the next request asks for the whole.
          throw new HubClient.Passing(
              answer.address().getHost() + " cannot continue " + subject, Optional.empty());
        }
      }
      requireLength(answer);
      receive(answer.body(), out);
      if (have < file.size()) {
        throw new IOException("it ended after " + have + " of " + file.size() + " bytes");
      }
    }
  }

  private boolean continues(HubClient.Answer answer) {
    Matcher range = RANGE.matcher(answer.header("Content-Range").orElse(""));
    return answer.status() == 206
        && range.matches()
        && Long.parseLong(range.group(1)) == have
        && (range.group(2).equals("*") || Long.parseLong(range.group(2)) == file.size());
  }

  private void restart(FileChannel out) throws IOException {
    received.addAndGet(-have);
    have = 0;
    hash = BlobHash.like(file.etag(), file.size());
    try {
      out.truncate(0);
    } catch (IOException e) {
      throw new WriteFailure(e);
    }
  }

  // A file of a commit never changes, so another ETag is another file.
  private void requireSame(HubClient.Answer answer) {
    answer.first().etag().filter(e -> source.hasEtags() && BlobHash.isDigest(e)).ifPresent(etag -> {
      if (!etag.equals(file.etag())) {
        wrong = true;
        throw new InvalidInputException(
            subject + " has the digest " + etag + " in one answer of" + " the hub and "
                + file.etag() + " in its list of files; nothing was kept: " + source.advice());
      }
    });
    answer.first().size().ifPresent(this::requireSize);
  }

  private void requireLength(HubClient.Answer answer) {
    if (answer.status() == 200) {
      answer.number("Content-Length").ifPresent(this::requireSize);
    }
  }

  private void requireSize(long size) {
    if (size != file.size()) {
      wrong = true;
      throw new InvalidInputException(subject + " has " + size + " bytes, but " + file.size() + " "
          + source.length() + "; nothing was kept: " + source.advice() + " and your proxy");
    }
  }

  private void receive(HubBody body, FileChannel out) throws IOException {
    for (var part = body.next(); !part.isEmpty(); part = body.next()) {
      for (ByteBuffer buffer : part) {
        int length = buffer.remaining();
        if (length > file.size() - have) {
          wrong = true;
          throw new InvalidInputException(subject + " goes on after its " + file.size()
              + " bytes; nothing was kept: " + source.advice() + " and your proxy");
        }
        hash.update(buffer.duplicate());
        write(buffer, out);
        have += length;
        received.addAndGet(length);
      }
    }
  }

  private void write(ByteBuffer buffer, FileChannel out) throws WriteFailure {
    try {
      long at = have;
      while (buffer.hasRemaining()) {
        at += out.write(buffer, at);
      }
    } catch (IOException e) {
      throw new WriteFailure(e);
    }
  }

  /** The disk failed, and not the network. */
  private static final class WriteFailure extends IOException {
    private static final long serialVersionUID = 1L;
    private final transient IOException reason;

    WriteFailure(IOException reason) {
      super(Quoted.reason(reason), reason);
      this.reason = reason;
    }
  }
}
