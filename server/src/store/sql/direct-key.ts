/** What the one direct conversation of two people is found by, whoever of them asks. Both may be the same person. */
export const directKeyOf = (userId: string, peerId: string): string => [userId, peerId].sort().join("\n")
