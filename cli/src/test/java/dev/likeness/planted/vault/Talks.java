package dev.likeness.planted.vault;

import java.util.logging.Logger;

/** Logs, prints, and formats by the machine's language. */
public final class Talks {
  void say(int photos) {
    String text = String.format("%d photos", photos);
    Logger.getAnonymousLogger().info(text);
    System.out.println(text);
  }
}
